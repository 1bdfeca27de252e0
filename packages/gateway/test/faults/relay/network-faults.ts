// SPDX-License-Identifier: Apache-2.0

import type { Cut } from './cut-proxy.js';
import type { Faults, Field } from './fault.js';

/** What happens between servers, and between clients and servers. */
export const NETWORK_FAULTS = {
  async 'a server cut off from the others, connections reset'(field) {
    await partition(field, 'closed');
  },
  async 'a server cut off from the others, nothing passes'(field) {
    await partition(field, 'silent');
  },
  async 'no server reaches another'(field) {
    for (const member of field.cluster.members) field.cluster.cutRoutes(member, 'closed');
    await field.last(2_000, 6_000);
    field.cluster.mend();
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
} as const satisfies Faults;

async function partition(field: Field, how: Cut): Promise<void> {
  field.cluster.cutRoutes(field.member(), how);
  await field.last(3_000, 9_000);
  field.cluster.mend();
}

async function cutClients(field: Field, how: Cut): Promise<void> {
  for (const { clients } of field.cluster.members) clients.cut(how);
  await field.last(500, 6_000);
  field.cluster.mend();
}
