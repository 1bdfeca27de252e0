// SPDX-License-Identifier: Apache-2.0
//
// npm run demo: a web shop with two experiments, a few hundred visitors, and what arrived at Optimizely's Events API,
// here a local one. The place to begin reading is shop.ts.

import type { LogEventInfo } from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { Progress } from './progress.js';
import { FIRST_REVISION, FLUSH_INTERVAL_MILLIS, VISITORS } from './settings.js';
import { ShopProcess } from './shop-process.js';
import { printSummary } from './summary.js';
import { tallyUp } from './tally.js';
import { printTrace } from './trace-tree.js';
import { Crowd } from './visitors.js';

type FlushCause = LogEventInfo['cause'];

const progress = new Progress(VISITORS);
const endpoint = await startLocalEventsEndpoint({ datafile: datafileOf(FIRST_REVISION) });
progress.note(`Events API (local)  ${endpoint.url}`);
const shop = new ShopProcess(endpoint.url);
try {
  await shop.opened();
  progress.note(`Shop                ${shop.url}, process ${shop.pid}`);

  const crowd = new Crowd(shop.url, left => {
    const events = endpoint.batches.reduce((sum, batch) => sum + batch.events.length, 0);
    progress.reached(left, `${left} of ${VISITORS} visitors have left, ${events} events have arrived`);
  });

  /** Batches close by their size while the shop is busy; the other rules need a quiet moment and a visitor in it. */
  async function quietly(cause: FlushCause, withinMillis: number, act: () => Promise<void> | void) {
    // That visitor's event may happen to fill the batch, so that none is left to close: then another one comes.
    for (let tries = 0; tries < 3; tries++) {
      await crowd.letIn(1);
      const closes = shop.closesBatch(cause, withinMillis);
      await act();
      if (await closes) return;
    }
  }

  await crowd.letIn(VISITORS / 2 - 2);
  progress.note(
    `Nobody comes for a while: flushIntervalMillis is ${FLUSH_INTERVAL_MILLIS} here, by default 30000.`,
  );
  await quietly('age', 2 * FLUSH_INTERVAL_MILLIS, () => {});
  progress.note(`A new datafile is published: revision ${FIRST_REVISION} becomes ${FIRST_REVISION + 1}.`);
  await quietly('revision', 500, () => shop.publish(datafileOf(FIRST_REVISION + 1)));
  await crowd.letIn(VISITORS - 2 - crowd.ids.length);
  progress.note('Someone calls processor.flush().');
  await quietly('flush', 500, () => shop.flush());
  await crowd.letIn(1);
  progress.note('The shop is stopped: SIGTERM.');
  const shopEnd = await shop.stop();

  const { recorded, ids: visitorIds } = crowd;
  const { batches: sent, dropped, spans } = shop;
  const tally = tallyUp({ arrived: endpoint.batches, recorded, sent, dropped, visitorIds, spans, shopEnd });
  const good = printSummary(tally);
  printTrace(spans);
  if (!good) process.exitCode = 1;
} finally {
  shop.kill();
  await endpoint.close();
}
