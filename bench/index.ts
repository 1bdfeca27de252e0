// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { run } from './harness/child.js';
import { mergeRuns } from './harness/merge-runs.js';
import { toLine } from './harness/report.js';
import type { Result } from './harness/row.js';
import { outage } from './outage.js';
import type { Sustained } from './sustained.js';

/** One file each, which exports its `rows`. */
const FAMILIES = [
  'official-sdk',
  'plain-way',
  'floor',
  'after-collection',
  'spans',
  'harvest',
  'dedupe',
  'loopback',
  'growing-batches',
  'first-dispatch',
  'heap',
  'depth',
  'store',
  'loop-delay',
  'package',
  'datafile',
  'otlp-reading',
  'gateway',
  'inspector',
  'gateway-load',
  'gateway-fleet',
  'gateway-memory',
  'relay',
];

const args = process.argv.slice(2);
const short = args.includes('--short');
const runs = Number(args.find(arg => arg.startsWith('--runs='))?.slice('--runs='.length) ?? 1);
const chosen = args.filter(arg => !arg.startsWith('-'));
const families = chosen.length > 0 ? chosen.filter(name => name !== 'sustained') : FAMILIES;
const unknown = families.filter(name => !FAMILIES.includes(name));
if (unknown.length > 0) {
  console.error(`no such family: ${unknown.join(', ')}; there are ${FAMILIES.join(', ')}, and sustained`);
  process.exit(2);
}
if (!Number.isInteger(runs) || runs < 1) {
  console.error('--runs must be a positive whole number, such as --runs=3');
  process.exit(2);
}
const startedAt = performance.now();
const machine = {
  node: process.version,
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  clock: process.env.BENCH_CLOCK ?? 'wall',
  load: loadavg()[0]?.toFixed(1),
  runs,
};
console.log(`Node ${machine.node}, ${machine.cpus} x ${machine.cpu}, load ${machine.load}`);

let memory: Awaited<ReturnType<typeof outage>> | undefined;
if (chosen.length === 0) {
  console.log('Memory while the endpoint is down');
  memory = await outage(short ? 0.02 : 1);
  console.table(memory);
}

let sustained: Sustained[] | undefined;
if (chosen.length === 0 || chosen.includes('sustained')) {
  console.log('How far the default settings go without a drop');
  sustained = await run<Sustained>('sustained.ts', [short ? 'short' : 'full']);
  console.table(sustained);
}

const results: Result[] = [];
for (const family of families) {
  const familyStartedAt = performance.now();
  const ofRuns: Result[][] = [];
  for (let n = 0; n < runs; n++) {
    ofRuns.push(await run<Result>('harness/run-family.ts', [family, short ? 'short' : 'full']));
  }
  const figures = mergeRuns(ofRuns);
  console.log(`${family}: ${figures.length} rows, ${seconds(familyStartedAt)} s`);
  if (figures.length > 0) console.table(figures.map(toLine));
  results.push(...figures);
}
const judged = results.filter(({ met }) => met !== undefined);
const missed = judged.filter(({ met }) => met === false);
for (const { name, peer } of missed) console.log(`missed: ${name}, compared with ${peer}`);
console.log(
  short
    ? `${results.length} rows work; a short run judges no figure`
    : `${judged.length - missed.length} of ${judged.length} targets met, in ${seconds(startedAt)} s`,
);
if (!short && chosen.length === 0) {
  writeFileSync(
    'bench-results.json',
    `${JSON.stringify({ machine, memory, sustained, results }, null, 2)}\n`,
  );
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
