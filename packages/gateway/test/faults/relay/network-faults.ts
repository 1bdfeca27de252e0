// SPDX-License-Identifier: Apache-2.0

import type { Cut } from './cut-proxy.js';
import { type Faults, type NatsField, STREAM } from './fault.js';
import type { Member } from './nats-cluster.js';

/** What happens between servers, and between clients and servers. */
export const NETWORK_FAULTS = {
  async 'a server cut off from the others, connections reset'(field) {
    return partition(field, field.member(), 'closed');
  },
  async 'a server cut off from the others, nothing passes'(field) {
    return partition(field, field.member(), 'silent');
  },
  async 'the leader of the stream cut off from the others'(field) {
    const leader = await field.cluster.leader(STREAM);
    return leader !== undefined && partition(field, leader, 'closed');
  },
  async 'no server reaches another'(field) {
    if (!field.isCluster) return false;
    for (const member of field.cluster.members) field.cluster.cutRoutes(member, 'closed');
    await field.last(2_000, 6_000);
    field.cluster.mend();
    return true;
  },
  async 'clients cut off, connections reset'(field) {
    await cutClients(field, 'closed');
  },
  async 'clients cut off, nothing passes'(field) {
    await cutClients(field, 'silent');
  },
  async 'clients of one server cut off'(field) {
    field.member().clients.cut('closed');
    await field.last(500, 3_000);
    field.cluster.mend();
  },
} as const satisfies Faults<NatsField>;

async function partition(field: NatsField, member: Member, how: Cut): Promise<boolean> {
  if (!field.isCluster) return false;
  field.cluster.cutRoutes(member, how);
  await field.last(3_000, 9_000);
  field.cluster.mend();
  return true;
}

async function cutClients(field: NatsField, how: Cut): Promise<void> {
  for (const { clients } of field.cluster.members) clients.cut(how);
  await field.last(500, 6_000);
  field.cluster.mend();
}
