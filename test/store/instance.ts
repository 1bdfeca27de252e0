// SPDX-License-Identifier: Apache-2.0
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { FileEventStore } from 'opentelemetry-exporter-optimizely';
import { noopLogger } from '../../src/util/guarded-logger.js';
import { systemRuntime } from '../../src/util/system-runtime.js';
import { countScans, makeEvent } from './harness.js';

// A process or a worker thread with a store: instance.ts <directory> <name> <records>. With so many records, or without
// end where that is `endless`, it tells which it has stored; and what it adopts.

const [directory, name, records] = isMainThread ? process.argv.slice(2) : (workerData as string[]);
const tell = (message: Record<string, unknown>) =>
  isMainThread ? process.stdout.write(`${JSON.stringify(message)}\n`) : parentPort?.postMessage(message);

const { runtime, scans } = countScans(systemRuntime);
const store = new FileEventStore({ directory: directory ?? '' });
store.open({
  logger: noopLogger,
  runtime,
  adopted: count => void tell({ adopted: count }),
  lost: count => void tell({ lost: count }),
});
void scans.reaches(1).then(() => tell({ scanned: true }));

let made = 0;
const left = () => records === 'endless' || made < Number(records);
while (left()) {
  const stored: string[] = [];
  while (left() && stored.length < 50) {
    const uuid = `${name}-${made++}`;
    const ticket = store.append(makeEvent(uuid));
    if (typeof ticket !== 'number') throw new Error(`not stored: ${ticket}`);
    stored.push(uuid);
  }
  tell({ stored });
  // Under load, not under water: who started us has to read what we tell.
  await new Promise(resolve => setTimeout(resolve, 1));
}
tell({ ready: true });

if (isMainThread) {
  // Until it is killed.
  process.stdin.on('data', () => tell({ pong: true }));
  process.stdin.on('end', () => process.exit());
} else {
  parentPort?.on('message', () => void store.close().then(() => tell({ closed: true })));
}
