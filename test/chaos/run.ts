// SPDX-License-Identifier: Apache-2.0
import { type ChaosReport, runChaos } from './chaos.js';
import { FAULTS } from './faults.js';

/** `CHAOS_EVENTS`, `CHAOS_SEED` and `CHAOS_LANES` change the run; `CHAOS_TALKS=1` shows the processes' log lines. */
const events = Number(process.env.CHAOS_EVENTS ?? 1_000_000);
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 4_294_967_296);
const lanes = Number(process.env.CHAOS_LANES ?? 6);

const say = (line: string) => process.stdout.write(`${line}\n`);
const figure = (number: number) => Math.round(number).toLocaleString('en-US');

function table(report: ChaosReport): string {
  const outcomes = [...report.outcomes].sort(([, a], [, b]) => b - a);
  const rows: (readonly [string, string | number])[] = [
    ['events recorded', report.acknowledged + report.unacknowledged],
    ['  acknowledged', report.acknowledged],
    ['  of these poison (400)', report.poison],
    ['events received', report.received],
    ['  received again (resends)', report.resent],
    ['  acknowledged and missing', report.missing],
    ['requests', outcomes.reduce((sum, [, count]) => sum + count, 0)],
    ...outcomes.map(([name, count]) => [`  ${name}`, count] as const),
    ['processes killed', report.kills.SIGKILL + report.kills.SIGTERM],
    ['  SIGKILL', report.kills.SIGKILL],
    ['  SIGTERM', report.kills.SIGTERM],
    ['adoptions', report.adoptions],
    ['  events recovered', report.recovered],
    ['wall time, s', report.seconds.toFixed(1)],
    ['events/s', report.acknowledged / report.seconds],
    ['violations', report.violationCount],
  ];
  return rows
    .map(([name, value]) => {
      const text = typeof value === 'number' ? figure(value) : value;
      return `${name.padEnd(30)} ${text.padStart(12)}`;
    })
    .join('\n');
}

say(`chaos: ${figure(events)} events, seed ${seed} (CHAOS_SEED=${seed} repeats it)`);
const report = await runChaos({
  events,
  seed,
  lanes,
  killsPerLane: Math.max(5, Math.ceil(events / lanes / 10_000)),
  faults: FAULTS,
  limitMillis: 15 * 60_000,
  talks: process.env.CHAOS_TALKS === '1',
  onProgress: ({ seconds, acknowledged, received, kills, violationCount }) => {
    const killed = kills.SIGKILL + kills.SIGTERM;
    say(
      `${seconds.toFixed(0).padStart(4)} s  ${figure(acknowledged)} acknowledged  ${figure(received)} received  ` +
        `${killed} kills  ${violationCount} violations`,
    );
  },
});
say(table(report));
for (const violation of report.violations) say(`violation: ${violation}`);
if (report.violationCount > 0) process.exitCode = 1;
