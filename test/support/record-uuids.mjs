// SPDX-License-Identifier: Apache-2.0
//
// In a worker thread or a process of its own: records events and tells their uuids.
import { parentPort } from 'node:worker_threads';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';

const datafile = {
  version: '4',
  accountId: '1',
  projectId: '2',
  revision: '3',
  events: [{ id: '300', key: 'purchase' }],
};
const eventDispatcher = { dispatchEvent: async () => ({ statusCode: 204 }) };
const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher });
const uuids = Array.from({ length: 500 }, () =>
  processor.recordConversion({ userId: 'ada', eventKey: 'purchase' }),
);
await processor.shutdown();
if (parentPort) parentPort.postMessage(uuids);
else process.send(uuids, () => process.disconnect());
