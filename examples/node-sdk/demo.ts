// SPDX-License-Identifier: Apache-2.0
//
// npm run demo: a web shop with two experiments, a few hundred visitors, and what arrived at Optimizely's Events API,
// here a local one. The place to begin reading is shop.ts.

import type { LogEventInfo } from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { Progress } from './progress.js';
import { FIRST_REVISION, FLUSH_INTERVAL_MILLIS, VISITORS } from './settings.js';
import { nameOf, ShopProcess } from './shop-process.js';
import { printSummary } from './summary.js';
import { tallyUp } from './tally.js';
import { printTrace } from './trace-tree.js';
import { Crowd } from './visitors.js';

type FlushCause = LogEventInfo['cause'];

/** A visitor's events may happen to fill a batch, or to wait too long on a slow machine: then another one comes. */
const TRIES = 50;

const progress = new Progress(VISITORS);
progress.note(`A web shop with two experiments and ${VISITORS} visitors. Nothing leaves this machine.`);
const endpoint = await startLocalEventsEndpoint({ datafile: datafileOf(FIRST_REVISION) });
progress.note(`Stand-in for Optimizely's Events API: ${endpoint.url}`);
const shop = new ShopProcess(endpoint.url);
try {
  await shop.opened();
  progress.note(`The shop: ${shop.url}, process ${shop.pid}`);

  const crowd = new Crowd(shop.url, left => {
    const events = endpoint.batches.reduce((sum, batch) => sum + batch.events.length, 0);
    progress.reached(left, `${left} of ${VISITORS} visitors have left, ${events} events have arrived`);
  });

  /** While the shop is busy, batches close when they are full. The other rules need a visitor in a quiet moment. */
  async function quietly(cause: FlushCause, act: () => Promise<void> | void) {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = shop.batches.length;
      await crowd.letIn(1);
      await act();
      await shop.until(() => shop.settledEvents >= crowd.recorded.length);
      if (shop.batches.slice(before).some(batch => batch.cause === cause)) return;
    }
  }

  await crowd.letIn(VISITORS / 2 - 2);
  const wait = `${FLUSH_INTERVAL_MILLIS} ms here, by default 30000`;
  progress.note(`No visitors for a while: a batch that is not full waits for flushIntervalMillis (${wait}).`);
  await quietly('age', () => {});
  progress.note(`A new datafile is published: revision ${FIRST_REVISION} becomes ${FIRST_REVISION + 1}.`);
  await quietly('revision', () => shop.publish(datafileOf(FIRST_REVISION + 1)));
  await crowd.letIn(Math.max(1, VISITORS - 2 - crowd.ids.length));
  progress.note('The shop calls processor.flush().');
  await quietly('flush', () => shop.flush());
  // All was sent, and the events of one visitor fill no batch: they wait for the end.
  await crowd.letIn(1);
  progress.note('The shop is asked to end, by SIGTERM.');
  const shopEnd = await shop.stop();

  const { recorded, ids: visitorIds } = crowd;
  const { batches: sent, dropped, spans } = shop;
  const tally = tallyUp({ arrived: endpoint.batches, recorded, sent, dropped, visitorIds, spans, shopEnd });
  const good = printSummary(tally);
  printTrace(spans);
  if (!good) process.exitCode = 1;
} catch (error) {
  const { message, cause } = error as Error;
  progress.note(`The demo failed: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
  // What ended it before, if it has ended; else this does.
  progress.note(`The shop's process ended by ${nameOf(await shop.stop())}.`);
  process.exitCode = 1;
} finally {
  shop.kill();
  await shop.ended;
  if (shop.stderr !== '') process.stderr.write(`The shop's process wrote to stderr:\n${shop.stderr}`);
  await endpoint.close();
}
