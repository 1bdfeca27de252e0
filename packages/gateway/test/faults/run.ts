// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { type FaultReport, FORMS, type Form, runFaults } from './fault-run.js';

// `npm run gateway:faults -- [--events N] [--kills N] [--seed N] [--form FORM]`
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 4_294_967_296) },
    form: { type: 'string' },
  },
});
const forms = Object.keys(FORMS) as Form[];
const chosen = values.form === undefined ? forms : forms.filter(form => form === values.form);
const say = (line: string) => process.stdout.write(`${line}\n`);
const figure = (number: number) => Math.round(number).toLocaleString('en-US');

function table(report: FaultReport): string {
  const byCount = (counts: ReadonlyMap<string, number>) => [...counts].sort(([, a], [, b]) => b - a);
  const rows: (readonly [string, number])[] = [
    ['events sent', report.sent],
    ['  with a receipt', report.receipts],
    ['  of these poison (400)', report.poison],
    ['events counted', report.counted],
    ['  received again', report.resent],
    ['  with a receipt and missing', report.missing],
    ['answers to senders', [...report.answers.values()].reduce((sum, count) => sum + count, 0)],
    ...byCount(report.answers).map(([name, count]) => [`  ${name}`, count] as const),
    ['requests to Optimizely', [...report.outcomes.values()].reduce((sum, count) => sum + count, 0)],
    ...byCount(report.outcomes).map(([name, count]) => [`  ${name}`, count] as const),
    ['gateways killed, SIGKILL', report.kills.SIGKILL],
    ['gateways killed, SIGTERM', report.kills.SIGTERM],
    ['wall time, s', report.seconds],
    ['violations', report.violations.length],
  ];
  return rows.map(([name, value]) => `${name.padEnd(32)} ${figure(value).padStart(12)}`).join('\n');
}

if (chosen.length === 0) {
  say(`--form must be one of: ${forms.join('; ')}`);
  process.exitCode = 2;
}
for (const form of chosen) {
  say(`\n${form}: ${figure(Number(values.events))} events, ${values.kills} kills, --seed ${values.seed}`);
  const report = await runFaults({
    form,
    events: Number(values.events),
    kills: Number(values.kills),
    seed: Number(values.seed),
    limitMillis: 15 * 60_000,
    onProgress: ({ seconds, receipts, counted, kills, violations }) =>
      say(
        `${seconds.toFixed(0).padStart(4)} s  ${figure(receipts)} receipts  ${figure(counted)} counted  ` +
          `${kills.SIGKILL + kills.SIGTERM} kills  ${violations.length} violations`,
      ),
  });
  say(table(report));
  for (const violation of report.violations) say(`violation: ${violation}`);
  if (report.violations.length > 0) process.exitCode = 1;
}
