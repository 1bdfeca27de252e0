// SPDX-License-Identifier: Apache-2.0
import { type Faults, type NatsField, STREAM } from './fault.js';
import type { Member } from './nats-cluster.js';

const LONGEST_CATCH_UP_MILLIS = 60_000;
const LONGEST_NOTICE_MILLIS = 10_000;

/** What NATS servers meet. */
export const SERVER_FAULTS = {
  async 'a server killed'(field) {
    await outage(field, [field.member()], 'SIGKILL', [0, 3_000]);
  },
  async 'a server ended'(field) {
    await outage(field, [field.member()], 'SIGTERM', [0, 3_000]);
  },
  async 'all servers killed'(field) {
    await outage(field, field.cluster.members, 'SIGKILL', [0, 3_000]);
  },
  async 'no majority for longer than the ack wait'(field) {
    if (!field.isCluster) return false;
    const [, ...others] = field.cluster.members;
    return outage(field, others, 'SIGKILL', [field.ackWaitMillis, 1.5 * field.ackWaitMillis]);
  },
  async 'a server paused'(field) {
    const { server } = field.member();
    server.pause();
    await field.last(2_000, 7_000);
    server.resume();
  },
  async 'a server that lost its files'(field) {
    // As an operator would: with all copies there, one may be replaced.
    if (field.copies === 1 || !(await isWhole(field))) return false;
    return field.cluster.wipe(field.member());
  },
  async 'a full disk'(field) {
    const member = field.member();
    if (member.disk === undefined) return false;
    member.disk.fill();
    // JetStream is then off on this server, until there is room and the server was started again.
    await field.until(async () => !(await field.cluster.isCurrent(STREAM)), LONGEST_NOTICE_MILLIS);
    await field.last(1_000, 3_000);
    member.disk.empty();
    return outage(field, [member], 'SIGTERM', [0, 0]);
  },
} as const satisfies Faults<NatsField>;

async function outage(
  field: NatsField,
  members: readonly Member[],
  signal: NodeJS.Signals,
  [low, high]: readonly [number, number],
): Promise<void> {
  await Promise.all(members.map(({ server }) => server.kill(signal)));
  await field.last(low, high);
  await Promise.all(members.map(({ server }) => server.start()));
}

function isWhole(field: NatsField): Promise<boolean> {
  return field.until(() => field.cluster.isCurrent(STREAM), LONGEST_CATCH_UP_MILLIS);
}
