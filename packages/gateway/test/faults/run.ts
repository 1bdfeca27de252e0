// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { type FaultReport, FORMS, type Form, runFaults } from './fault-run.js';
import { count, figure, say, sayViolations, table, totalsOf } from './fault-table.js';

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

function report(result: FaultReport): string {
  return table([
    ...totalsOf(result),
    ...count('answers to senders', result.answers),
    ...count('requests to Optimizely', result.outcomes),
    ['gateways killed, SIGKILL', result.kills.SIGKILL],
    ['gateways killed, SIGTERM', result.kills.SIGTERM],
    ['wall time, s', result.seconds],
    ['violations', result.violations.length],
  ]);
}

if (chosen.length === 0) {
  say(`--form must be one of: ${forms.join('; ')}`);
  process.exitCode = 2;
}
for (const form of chosen) {
  say(`\n${form}: ${figure(Number(values.events))} events, ${values.kills} kills, --seed ${values.seed}`);
  const result = await runFaults({
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
  say(report(result));
  sayViolations(result.violations);
}
