// SPDX-License-Identifier: Apache-2.0
//
// One worker thread. Signals reach the main thread only, so that this is told to shut down by a message.
import { parentPort, workerData } from 'node:worker_threads';
import { startService } from './service.js';

const { name, storeDirectory } = workerData as { name: string; storeDirectory: string };
const { optimizely, provider, visit } = startService(name, storeDirectory);

parentPort?.on('message', async (message: { visitor: string } | 'flush' | 'shutdown') => {
  if (message === 'flush') await optimizely.forceFlush();
  else if (message === 'shutdown') {
    await provider.shutdown();
    parentPort?.postMessage({ ledger: optimizely.ledger() });
    parentPort?.close(); // nothing else keeps the thread
  } else parentPort?.postMessage({ uuid: visit(message.visitor), by: name });
});
parentPort?.postMessage('open');
