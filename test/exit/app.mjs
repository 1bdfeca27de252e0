// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';

/** What the test wants, as JSON: `processor` holds options of the processor. */
export const wanted = JSON.parse(process.argv[2]);

/** Tells the test something. Synchronous: it arrives even if the process ends next. */
export function tell(message) {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

export const logger = {
  error: line => tell({ error: line }),
  warn: line => tell({ warn: line }),
  info: () => {},
  debug: () => {},
};

/** Nothing but a flush sends: batches are larger and intervals longer than any test. */
export const options = { batchSize: 1_000, flushIntervalMillis: 600_000, logger, ...wanted.processor };

const impression = {
  userId: 'visitor',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'control',
};

/** Records with a processor, or with the package's own functions. */
export function record(recorder, impressions = 20) {
  const uuids = Array.from({ length: impressions }, () => recorder.recordImpression(impression));
  return [...uuids, recorder.recordConversion({ userId: 'visitor', eventKey: 'purchase' })];
}

/** Keeps the process up, as a server does, for as long as the test lives; answers its pings. */
export function stayUp() {
  process.stdin.on('data', () => tell({ pong: true }));
}
