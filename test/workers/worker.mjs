// SPDX-License-Identifier: Apache-2.0
//
// A worker process of node:cluster or a worker thread, which does what it is told by messages.
import { isMainThread, parentPort, threadId } from 'node:worker_threads';
import {
  FileEventStore,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  shutdownOnSignals,
} from 'opentelemetry-exporter-optimizely';

const { name, directory, signals, processor: options } = JSON.parse(process.env.WANTED);
const notificationCenter = new NotificationCenter();
notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ headers }) => {
  headers['x-worker'] = name;
});
const processor = new OptimizelySpanProcessor({
  // Nothing but a flush sends, and what comes back from the store.
  batchSize: 1_000,
  flushIntervalMillis: 600_000,
  ...options,
  notificationCenter,
  eventStore: directory && new FileEventStore({ directory }),
});
if (signals) shutdownOnSignals(processor);

const tell = message => (isMainThread ? process.send(message) : parentPort.postMessage(message));
const orders = {
  record: () =>
    Array.from({ length: 8 }, () => processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' })),
  flush: () => processor.forceFlush(),
  shutdown: () => processor.shutdown(),
  ledger: () => processor.ledger(),
};
(isMainThread ? process : parentPort).on('message', async order => {
  if (order === 'release') parentPort.close();
  else tell({ order, result: await orders[order]() });
});
tell({ order: 'start', result: { pid: process.pid, threadId } });
