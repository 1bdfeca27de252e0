// SPDX-License-Identifier: Apache-2.0
//
// A script that just ends: what is pending when it has nothing else to do is flushed, once.
import { OptimizelySpanProcessor, recordConversion } from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { localEndpoint } from '../local-endpoint.js';
import { ledgerLine } from '../outcome.js';

const optimizely = new OptimizelySpanProcessor({
  datafile: datafileOf(42),
  endpoint: localEndpoint(), // leave it out to send to Optimizely
  flushOnBeforeExit: true, // not reached by process.exit() and signals
});

for (const userId of ['visitor-1', 'visitor-2', 'visitor-3']) {
  recordConversion({ userId, eventKey: 'purchase', tags: { revenue: 1250 } });
}
console.log(`  ${ledgerLine(optimizely.ledger())}, when the script is done`);
process.once('exit', () => console.log(`  ${ledgerLine(optimizely.ledger())}, when the process ends`));
