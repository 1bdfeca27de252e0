// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { compare, type Measure } from './compare.js';
import { conversionMeasures } from './conversions.js';
import { datafileMeasures } from './datafile.js';
import { outage } from './outage.js';
import { spanMeasures } from './spans.js';

const short = process.argv.includes('--short');
const rounds = short ? 1 : 9;
const scale = short ? 0.02 : 1;

console.log('Memory while the endpoint is down');
const memory = await outage(scale);
console.table(memory);

const measures: Measure[] = [...(await conversionMeasures()), ...datafileMeasures(), ...spanMeasures()];
const results = [];
for (const measure of measures) results.push(await compare(measure, { rounds, scale }));

console.table(
  results.map(({ name, peer, ratio, nanos, peerNanos }) => ({
    measure: name,
    'compared with': peer,
    'times its time': `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
    'ns each': Math.round(nanos),
    'ns of the peer': Math.round(peerNanos),
  })),
);
if (!short)
  writeFileSync(
    'bench-results.json',
    `${JSON.stringify({ node: process.version, rounds, memory, results }, null, 2)}\n`,
  );
