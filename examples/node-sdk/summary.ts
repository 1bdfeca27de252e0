// SPDX-License-Identifier: Apache-2.0
import { FLUSH_INTERVAL_MILLIS } from './settings.js';
import { nameOf } from './shop-process.js';
import { printTable } from './table.js';
import { CAUSES, type Tally } from './tally.js';

const MEANINGS: Record<(typeof CAUSES)[number], string> = {
  size: 'full (batchSize, by default 10 events)',
  age: `waited long enough (flushIntervalMillis, here ${FLUSH_INTERVAL_MILLIS})`,
  revision: 'a new revision of the datafile came',
  flush: 'the shop called processor.flush()',
  shutdown: 'the shop was stopped',
};

/** @returns whether all is as it should be */
export function printSummary(tally: Tally): boolean {
  console.log('\nWHAT THE EVENTS API RECEIVED\n');
  console.log(
    `${sum(tally.requests)} requests (answered ${list(tally.requests)}), ${tally.received} events, ${tally.bytes} bytes, from ${tally.visitors} visitors\n`,
  );
  printBatches(tally);
  printExperiments(tally);
  printDelivery(tally);
  const failures = failuresOf(tally);
  for (const failure of failures) console.log(`NOT AS IT SHOULD BE: ${failure}\n`);
  return failures.length === 0;
}

function printBatches({ batchesByCause, eventsByCause }: Tally): void {
  const causes = new Set<string>([...CAUSES, ...batchesByCause.keys()]);
  const meanings = new Map<string, string>(Object.entries(MEANINGS));
  printTable(
    ['Why batches were sent', 'batches', 'events'],
    [...causes].map(cause => [
      meanings.has(cause) ? `${cause}: ${meanings.get(cause)}` : cause,
      batchesByCause.get(cause) ?? 0,
      eventsByCause.get(cause) ?? 0,
    ]),
  );
}

function printExperiments({ experiments }: Tally): void {
  printTable(
    ['Experiments', 'visitors', 'impressions', 'add_to_cart', 'purchase', 'purchase rate', 'revenue'],
    experiments.flatMap(({ experiment, variations }) => [
      [experiment],
      ...variations.map(figures => [
        `  ${figures.variation}`,
        figures.visitors,
        figures.impressions,
        figures.addToCarts,
        figures.purchases,
        `${(100 * figures.purchaseRate).toFixed(1)} %`,
        (figures.revenueCents / 100).toFixed(2),
      ]),
    ]),
  );
  console.log('  (a conversion counts where its visitor had seen the experiment before)\n');
}

function printDelivery(tally: Tally): void {
  const {
    recorded,
    received,
    lost,
    twice,
    problems,
    dropped,
    eventsByRevision,
    spans,
    idsInTraces,
    shopEnd,
  } = tally;
  const revisions = [...eventsByRevision].map(([revision, events]) => `${events} under revision ${revision}`);
  console.log('Delivery\n');
  console.log(`  The shop recorded ${recorded} events, and ${received} arrived.`);
  console.log(`  Events that were lost: ${lost}. Events that arrived twice: ${twice}.`);
  console.log(`  Reasons found for Optimizely not to count an event: ${sum(problems)}${detail(problems)}.`);
  console.log(`  Events that the plugin dropped: ${sum(dropped)}${detail(dropped)}.`);
  console.log(`  Each event counts under the datafile it was recorded with: ${revisions.join(', ')}.`);
  console.log(`  Visitor ids that the ${spans} spans of the traces show: ${idsInTraces}.`);
  console.log(`  The shop's process ended by ${nameOf(shopEnd)}.\n`);
}

function failuresOf(tally: Tally): string[] {
  const { shopEnd, lost, twice, unknown, idsInTraces } = tally;
  const stoppedBySignal = shopEnd.signal === 'SIGTERM' || shopEnd.code === 143;
  return [
    tally.received === 0 && 'no event arrived',
    lost > 0 && `${lost} events were lost`,
    twice > 0 && `${twice} events arrived twice`,
    unknown > 0 && `${unknown} events arrived that the shop did not record`,
    tally.problems.size > 0 && `Optimizely would not count some events (${list(tally.problems)})`,
    tally.dropped.size > 0 && `the plugin dropped events (${list(tally.dropped)})`,
    ...CAUSES.map(cause => !tally.batchesByCause.has(cause) && `no batch was sent by ${cause}`),
    tally.spans === 0 && 'the traces have no spans',
    idsInTraces > 0 && `the traces show ${idsInTraces} visitor ids`,
    !stoppedBySignal && `the shop's process ended by ${nameOf(shopEnd)}, not by SIGTERM`,
  ].filter(failure => failure !== false);
}

function sum(counts: Map<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function list(counts: Map<string | number, number>): string {
  return [...counts].map(([key, count]) => `${key}: ${count}`).join(', ');
}

function detail(counts: Map<string, number>): string {
  return counts.size === 0 ? '' : ` (${list(counts)})`;
}
