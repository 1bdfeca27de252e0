// SPDX-License-Identifier: Apache-2.0
import { printTable } from './table.js';
import { CAUSES, type Tally } from './tally.js';

/** @returns whether all is as it should be */
export function printSummary(tally: Tally): boolean {
  console.log('\nWHAT THE EVENTS API RECEIVED\n');
  console.log(
    `${sum(tally.requests)} requests (answered ${list(tally.requests)}), ${tally.received} events, ${tally.bytes} bytes, from ${tally.visitors} visitors\n`,
  );
  printBatches(tally);
  printExperiments(tally);
  const failures = failuresOf(tally);
  console.log('Delivery\n');
  console.log(
    `  recorded ${tally.recorded}, received ${tally.received}: lost ${tally.lost}, twice ${tally.twice}`,
  );
  console.log(`  problems found ${sum(tally.problems)}${detail(tally.problems)}`);
  console.log(`  dropped by the plugin ${sum(tally.dropped)}${detail(tally.dropped)}`);
  console.log(`  events by datafile revision: ${list(tally.eventsByRevision)}`);
  console.log(`  visitor ids in ${tally.spans} spans: ${tally.idsInTraces}`);
  console.log(`  the shop ended by ${tally.shopEnd.signal ?? `exit code ${tally.shopEnd.code}`}\n`);
  for (const failure of failures) console.log(`NOT AS IT SHOULD BE: ${failure}\n`);
  return failures.length === 0;
}

function printBatches({ batchesByCause, eventsByCause }: Tally): void {
  const causes = new Set([...CAUSES, ...batchesByCause.keys()]);
  printTable(
    ['Batches by cause', 'batches', 'events'],
    [...causes].map(cause => [cause, batchesByCause.get(cause) ?? 0, eventsByCause.get(cause) ?? 0]),
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

function failuresOf(tally: Tally): string[] {
  const { shopEnd, lost, twice, unknown, idsInTraces } = tally;
  const stoppedBySignal = shopEnd.signal === 'SIGTERM' || shopEnd.code === 143;
  return [
    tally.received === 0 && 'nothing was received',
    lost > 0 && `lost ${lost}`,
    twice > 0 && `twice ${twice}`,
    unknown > 0 && `${unknown} events were received that the shop did not record`,
    tally.problems.size > 0 && `problems: ${list(tally.problems)}`,
    tally.dropped.size > 0 && `dropped: ${list(tally.dropped)}`,
    ...CAUSES.map(cause => !tally.batchesByCause.has(cause) && `no batch by ${cause}`),
    tally.spans === 0 && 'no spans',
    idsInTraces > 0 && `${idsInTraces} visitor ids are in traces`,
    !stoppedBySignal && `the shop ended by ${shopEnd.signal ?? shopEnd.code}, not by SIGTERM`,
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
