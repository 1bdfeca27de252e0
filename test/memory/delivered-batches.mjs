// SPDX-License-Identifier: Apache-2.0
// Delivers batches, with young collections only, and prints how many kilobytes of them have become old.
import { getHeapSpaceStatistics } from 'node:v8';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';

const processor = new OptimizelySpanProcessor({
  datafile: {
    version: '4',
    accountId: '1',
    projectId: '2',
    revision: '3',
    events: [{ id: '300', key: 'purchase' }],
  },
  batchSize: 1,
  maxBatchSize: 1,
  eventDispatcher: { dispatchEvent: async () => ({ statusCode: 204 }) },
});

async function deliver(batches) {
  for (let n = 0; n < batches; n++) {
    processor.recordConversion({
      userId: `visitor-${n}`,
      eventKey: 'purchase',
      tags: { text: `${'x'.repeat(500)}${n}` },
    });
    await new Promise(resolve => setImmediate(resolve));
    if (n % 50 === 49) globalThis.gc({ type: 'minor' });
  }
}

function oldKilobytes() {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space');
  return (space?.space_used_size ?? 0) / 1024;
}

await deliver(2_000);
globalThis.gc();
const before = oldKilobytes();
await deliver(20_000);
const { delivered } = processor.ledger();
process.stdout.write(JSON.stringify({ delivered, grown: oldKilobytes() - before }));
await processor.shutdown();
