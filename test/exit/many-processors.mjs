// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import * as esm from 'opentelemetry-exporter-optimizely';
import { options, tell } from './app.mjs';

const cjs = createRequire(import.meta.url)('opentelemetry-exporter-optimizely');
tell({ ready: true });

const before = [process.listenerCount('beforeExit'), process.listenerCount('exit')];
const processors = Array.from({ length: 14 }, (_, index) => {
  const { OptimizelySpanProcessor } = index % 2 === 0 ? esm : cjs;
  return new OptimizelySpanProcessor({ ...options, flushOnBeforeExit: true });
});
for (const processor of processors) {
  for (let times = 0; times < 3; times++) {
    processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' });
  }
}
tell({
  listeners: {
    beforeExit: process.listenerCount('beforeExit') - before[0],
    exit: process.listenerCount('exit') - before[1],
  },
});
// Warnings are printed in a turn of their own.
setImmediate(() => process.exit(0));
