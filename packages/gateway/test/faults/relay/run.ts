// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { NATS_VERSION, NO_NATS } from '../../support/nats-server.js';
import { count, figure, say, table, totalsOf } from '../fault-table.js';
import { FAULTS, type FaultName } from './fault-plan.js';
import { type RelayReport, runRelayFaults } from './relay-run.js';
import { BEARS_A_CLUSTER, copiesOf, kindsOf, serversOf } from './run-flags.js';

// `npm run relay:faults -- [--events N] [--faults N] [--seed N] [--servers N] [--copies N] [--only FAULT] [--logs FOLDER]`
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    faults: { type: 'string', default: '46' },
    seed: { type: 'string', default: String(Date.now() % 4_294_967_296) },
    servers: { type: 'string' },
    copies: { type: 'string' },
    only: { type: 'string', multiple: true },
    logs: { type: 'string' },
  },
});
const LIMIT_MILLIS = 20 * 60_000;
const names = Object.keys(FAULTS) as FaultName[];
const kinds = kindsOf(names, values.only);
const servers = serversOf(values.servers);
const copies = copiesOf(values.copies, servers);

function report(result: RelayReport): string {
  return table([
    ...totalsOf(result),
    ['turned away, and counted as such', result.turnedAway],
    ['acknowledged, and left in the stream', result.left],
    ...count('answers to senders', result.answers),
    ...count('requests to Optimizely', result.outcomes),
    ...count('faults', result.faults),
    ...count('not done here', result.notDone),
    ['wall time, s', result.seconds],
    ['violations', result.violations.length],
  ]);
}

if (NATS_VERSION === undefined || kinds.length === 0) {
  say(kinds.length === 0 ? `--only must be in one of: ${names.join('; ')}` : NO_NATS);
  process.exitCode = 2;
} else {
  if (!BEARS_A_CLUSTER && values.servers === undefined)
    say('this version loses acknowledged events in a cluster: one server is used; see docs/gateway.md');
  say(
    `${servers} nats-server ${NATS_VERSION}, ${copies} copies: ${values.events} events, ${values.faults} faults, --seed ${values.seed}`,
  );
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const result = await runRelayFaults({
    events: Number(values.events),
    servers,
    copies,
    faults: Number(values.faults),
    kinds,
    seed: Number(values.seed),
    eventsPerSecond: 800,
    ackWaitMillis: 8_000,
    pace: 1,
    logFolder: values.logs,
    limit: AbortSignal.any([AbortSignal.timeout(LIMIT_MILLIS), interrupted.signal]),
    onProgress: ({ seconds, receipts, counted, missing, fault, turnedAway, violations }) =>
      say(
        `${seconds.toFixed(0).padStart(4)} s  ${figure(receipts)} receipts  ${figure(counted)} counted  ` +
          `${figure(missing)} missing  ${figure(turnedAway)} turned away  ${violations.at(-1) ?? 'no violation'}  ${fault ?? ''}`,
      ),
  });
  say(report(result));
  for (const violation of result.violations) say(`violation: ${violation}`);
  for (const explanation of result.explanations) say(explanation);
  if (result.violations.length > 0) process.exitCode = 1;
}
