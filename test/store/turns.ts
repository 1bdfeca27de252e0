// SPDX-License-Identifier: Apache-2.0
import { FileEventStore } from 'opentelemetry-exporter-optimizely';
import { noopLogger } from '../../src/util/guarded-logger.js';
import { systemRuntime } from '../../src/util/system-runtime.js';
import { makeEvent } from './harness.js';

// A process that ends in its second turn of the event loop: turns.ts <directory> <how it ends>.

const [directory = '', end = ''] = process.argv.slice(2);
const store = new FileEventStore({ directory, commit: 'turn' });
store.open({ logger: noopLogger, runtime: systemRuntime, adopted() {}, lost() {} });
const append = (uuid: string) => store.append(makeEvent(uuid));
Object.assign(globalThis, { append });
for (const uuid of ['1', '2']) append(uuid);
setImmediate(() => {
  for (const uuid of ['3', '4', '5']) append(uuid);
  new Function(end)();
});
