// SPDX-License-Identifier: Apache-2.0
import type { Random } from '../../../../../test/chaos/random.js';
import type { Faults } from './fault.js';
import { NETWORK_FAULTS } from './network-faults.js';
import { SERVER_FAULTS } from './server-faults.js';
import { WORKER_FAULTS } from './worker-faults.js';

/** What may happen to NATS. */
export const NATS_FAULTS = { ...SERVER_FAULTS, ...NETWORK_FAULTS };
export type NatsFaultName = keyof typeof NATS_FAULTS;

/** All that may happen. */
export const FAULTS = { ...NATS_FAULTS, ...WORKER_FAULTS } satisfies Faults;
export type FaultName = keyof typeof FAULTS;

/** Each kind as often as the others, but for one, in an order by chance. */
export function planFaults<Name>(names: readonly Name[], count: number, random: Random): Name[] {
  const plan: Name[] = [];
  while (plan.length < count) plan.push(...shuffled(names, random));
  return plan.slice(0, count);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.between(0, left.length - 1), 1)[0] as T);
}
