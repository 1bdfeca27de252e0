// SPDX-License-Identifier: Apache-2.0
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { SILENT } from './ours.js';

const DATAFILE = JSON.stringify({
  version: '4',
  accountId: '1',
  projectId: '2',
  revision: '3',
  events: [{ id: '300', key: 'purchase' }],
});

/** Memory while the endpoint answers nothing but 503, however long: it stays where the bounds put it. */
export async function outage(scale: number) {
  const processor = new OptimizelySpanProcessor({
    datafile: DATAFILE,
    logger: SILENT,
    timeoutIntervalMillis: 10,
    eventDispatcher: { dispatchEvent: async () => ({ statusCode: 503 }) },
  });
  const rows = [];
  let recorded = 0;
  for (const total of [0, 10_000, 100_000, 1_000_000].map(count => Math.ceil(count * scale))) {
    while (recorded < total) {
      processor.recordConversion({
        userId: `user-${recorded++}`,
        eventKey: 'purchase',
        tags: { revenue: 100 },
      });
      if (recorded % 1_000 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    const { pending, dropped } = processor.ledger();
    rows.push({
      recorded,
      pending,
      'dropped as queue_full': dropped.queue_full ?? 0,
      'heap, MB': Number((heapUsed / 1e6).toFixed(1)),
      'rss, MB': Number((rss / 1e6).toFixed(1)),
    });
  }
  await processor.shutdown();
  return rows;
}
