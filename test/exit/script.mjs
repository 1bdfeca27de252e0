// SPDX-License-Identifier: Apache-2.0
import { OptimizelySpanProcessor, UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { options, record, tell, wanted } from './app.mjs';

const dispatchers = {
  /** Holds nothing in the event loop: no socket, no timer. */
  hung: { dispatchEvent: () => new Promise(() => {}) },
  /** The script's own, which the processor may not close. */
  given: new UndiciEventDispatcher(),
};
const processor = new OptimizelySpanProcessor({
  ...options,
  eventDispatcher: dispatchers[wanted.dispatcher],
});
process.on('exit', () => tell({ ledger: processor.ledger() }));

if (wanted.late === 'in a turn of its own') {
  // Recorded in what an earlier 'beforeExit', with nothing pending, gave the process to do.
  process.once('beforeExit', () => setImmediate(() => tell({ uuids: record(processor) })));
} else if (wanted.late === 'at once') {
  process.once('beforeExit', () => tell({ uuids: record(processor) }));
} else if (wanted.late === 'at exit') {
  if (wanted.early) tell({ uuids: record(processor) });
  process.on('exit', () => tell({ uuids: record(processor) }));
} else {
  tell({ uuids: record(processor) });
}
for (const method of wanted.awaits ?? []) {
  await processor[method]();
  tell({ settled: method, ledger: processor.ledger() });
}
if (wanted.waits) {
  // Until the test has looked; then nothing of the script's own is left.
  process.stdin.once('data', () => process.stdin.destroy());
}
