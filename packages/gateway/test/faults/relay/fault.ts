// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultyEndpoint } from '../../../../../test/chaos/faulty-endpoint.js';
import type { Random } from '../../../../../test/chaos/random.js';
import type { App } from './app.js';
import type { Fleet, Slot } from './fleet.js';
import type { Member, NatsCluster } from './nats-cluster.js';

export const STREAM = 'optimizely-events';
export const SUBJECT = 'optimizely.events';

export interface FieldOptions {
  readonly cluster: NatsCluster;
  readonly fleet: Fleet;
  readonly endpoint: FaultyEndpoint;
  /** The application that has an event store. */
  readonly app: App;
  readonly random: Random;
  readonly ackWaitMillis: number;
  /** How long faults last, compared with those of the command. */
  readonly pace: number;
  readonly signal: AbortSignal;
}

/** What faults are done to, and how they choose and wait. */
export class Field {
  readonly #options: FieldOptions;
  readonly cluster: NatsCluster;
  readonly fleet: Fleet;
  readonly endpoint: FaultyEndpoint;
  readonly app: App;
  readonly ackWaitMillis: number;

  constructor(options: FieldOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.fleet = options.fleet;
    this.endpoint = options.endpoint;
    this.app = options.app;
    this.ackWaitMillis = options.ackWaitMillis;
  }

  /** The fault lasts. */
  async last(lowMillis: number, highMillis: number): Promise<void> {
    const { random, pace, signal } = this.#options;
    await pause(random.between(lowMillis, highMillis) * pace, undefined, { signal }).catch(() => {});
  }

  /** @param shortMillis so long at most: what is waited for need not happen */
  async until(condition: () => boolean | Promise<boolean>, shortMillis = 60_000): Promise<boolean> {
    const { signal } = this.#options;
    const limit = performance.now() + shortMillis;
    while (!(await condition())) {
      if (signal.aborted || performance.now() > limit) return false;
      await pause(50);
    }
    return true;
  }

  member(): Member {
    return this.#one(this.cluster.members);
  }

  deliverer(): Slot {
    return this.#one(this.fleet.deliverers);
  }

  receiver(): Slot {
    return this.#one(this.fleet.receivers);
  }

  #one<T>(all: readonly T[]): T {
    return all[this.#options.random.between(0, all.length - 1)] as T;
  }
}

/** Does something to the field and mends it again. It gives false if it can not be done here. */
export type Fault = (field: Field) => Promise<unknown>;

export type Faults = Readonly<Record<string, Fault>>;
