// SPDX-License-Identifier: Apache-2.0
//
// A script whose events should go out as it runs: a request for each event, begun when it is recorded.
import { OptimizelySpanProcessor, recordConversion } from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { localEndpoint } from '../local-endpoint.js';
import { ledgerLine } from '../outcome.js';

const optimizely = new OptimizelySpanProcessor({
  datafile: datafileOf(42),
  endpoint: localEndpoint(), // leave it out to send to Optimizely
  batchSize: 1,
});

for (const userId of ['visitor-1', 'visitor-2', 'visitor-3']) {
  recordConversion({ userId, eventKey: 'purchase', tags: { revenue: 1250 } });
}

// A request in flight keeps the process up until it is answered. One that fails is tried again only while something else
// does: where that matters, end with `await optimizely.shutdown()`.
process.once('exit', () => console.log(`  ${ledgerLine(optimizely.ledger())}`));
