// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { NATS_VERSION, NO_NATS } from '../../support/nats-server.js';
import { figure, say, table } from '../fault-table.js';
import { NATS_FAULTS, type NatsFaultName } from './fault-plan.js';
import { runNatsAlone } from './nats-alone.js';
import { copiesOf, kindsOf, serversOf } from './run-flags.js';

// `npm run nats:faults -- [--servers N] [--copies N] [--faults N] [--seed N] [--only FAULT] [--logs FOLDER]`
const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '3' },
    copies: { type: 'string' },
    faults: { type: 'string', default: '13' },
    seed: { type: 'string', default: String(Date.now() % 4_294_967_296) },
    only: { type: 'string', multiple: true },
    logs: { type: 'string' },
  },
});
const kinds = kindsOf(Object.keys(NATS_FAULTS) as NatsFaultName[], values.only);
const servers = serversOf(values.servers);
const copies = copiesOf(values.copies, servers);

if (NATS_VERSION === undefined || kinds.length === 0) {
  say(kinds.length === 0 ? `--only must be in one of: ${Object.keys(NATS_FAULTS).join('; ')}` : NO_NATS);
  process.exitCode = 2;
} else {
  say(`nats-server ${NATS_VERSION}: ${servers} servers, ${copies} copies, --seed ${values.seed}`);
  const report = await runNatsAlone({
    servers,
    copies,
    faults: Number(values.faults),
    kinds,
    seed: Number(values.seed),
    logFolder: values.logs,
    onFault: (name, { acknowledged }) => say(`${figure(acknowledged)} acknowledged  ${name}`),
  });
  say(
    table([
      ['messages acknowledged', report.acknowledged],
      ['  and not in the stream', report.lost],
      ['  and there under another number', report.moved],
      ['faults not done here', report.notDone],
    ]),
  );
  if (report.lost > 0) process.exitCode = 1;
}
