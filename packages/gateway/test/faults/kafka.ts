// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { runAgent } from './agent-run.js';
import type { ChainReport } from './chain-run.js';
import { count, figure, say, sayViolations, table, totalsOf } from './fault-table.js';
import { LOSS_CASES } from './kafka-loss-cases.js';
import { runLossCase } from './kafka-losses.js';
import { runKafka } from './kafka-run.js';

// `npm run kafka:faults -- [--events N] [--kills N] [--seed N] [--wait-for-kafka]`,
// `npm run kafka:faults -- --without-kafka …` for agent.yaml, from which the gateway takes events at once,
// or `npm run kafka:faults -- --losses [WORD …]` for the cases with those words
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '12' },
    seed: { type: 'string', default: String(Date.now() % 4_294_967_296) },
    'wait-for-kafka': { type: 'boolean', default: false },
    'without-kafka': { type: 'boolean', default: false },
    losses: { type: 'boolean', default: false },
  },
});

function tableOf(report: ChainReport): string {
  return table([
    ...totalsOf(report),
    ...count('answers to senders', report.answers),
    ...count('requests to Optimizely', report.outcomes),
    ...count('processes ended', report.kills),
    ['wall time, s', report.seconds],
    ['violations', report.violations.length],
  ]);
}

/** Each case with its setting, and with the files of deploy/collector as they are. */
async function runLosses(words: readonly string[]): Promise<void> {
  const chosen = LOSS_CASES.filter(({ setting }) => words.every(word => setting.includes(word)));
  for (const lossCase of chosen) {
    for (const asDeployed of [false, true]) {
      const { receipts, lost, violations } = await runLossCase(lossCase, asDeployed);
      const title = asDeployed ? '  as deployed' : lossCase.setting;
      say(`${title.padEnd(60)} ${figure(lost).padStart(6)} of ${figure(receipts)} lost`);
      for (const violation of violations) say(`violation: ${violation}`);
      if (violations.length > 0 || (asDeployed ? lost > 0 : lost === 0)) process.exitCode = 1;
    }
  }
}

async function runFaults(): Promise<void> {
  say(`${figure(Number(values.events))} events, ${values.kills} kills, --seed ${values.seed}`);
  const options = {
    events: Number(values.events),
    kills: Number(values.kills),
    seed: Number(values.seed),
    limitMillis: 15 * 60_000,
    onProgress: ({ seconds, receipts, counted, kills, violations }: ChainReport) =>
      say(
        `${seconds.toFixed(0).padStart(4)} s  ${figure(receipts)} receipts  ${figure(counted)} counted  ` +
          `${[...kills.values()].reduce((a, b) => a + b, 0)} kills  ${violations.length} violations`,
      ),
  };
  const report = values['without-kafka']
    ? await runAgent({ ...options, isHurried: false })
    : await runKafka({ ...options, waitsForKafka: values['wait-for-kafka'] });
  say(tableOf(report));
  sayViolations(report.violations);
}

await (values.losses ? runLosses(positionals) : runFaults());
