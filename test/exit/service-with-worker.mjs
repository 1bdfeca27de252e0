// SPDX-License-Identifier: Apache-2.0
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { OptimizelySpanProcessor, shutdownOnSignals } from 'opentelemetry-exporter-optimizely';
import { logger, options, record, stayUp, tell } from './app.mjs';

const processor = new OptimizelySpanProcessor(options);
shutdownOnSignals(processor, { logger });

if (isMainThread) {
  stayUp();
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: 'worker' });
  worker.on('message', message => tell(message));
  tell({ uuids: record(processor) });
} else {
  const uuids = record(processor);
  await processor.shutdown();
  parentPort.postMessage({ [workerData]: { uuids, ledger: processor.ledger() } });
  // Stays, as workers do; nothing of it may keep the process from ending.
  parentPort.on('message', () => {});
}
