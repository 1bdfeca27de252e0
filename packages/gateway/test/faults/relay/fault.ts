// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultyEndpoint } from '../../../../../test/chaos/faulty-endpoint.js';
import type { Random } from '../../../../../test/chaos/random.js';
import type { App } from './app.js';
import type { Fleet, Slot } from './fleet.js';
import type { Member, NatsCluster } from './nats-cluster.js';

export const STREAM = 'optimizely-events';
export const SUBJECT = 'optimizely.events';

export interface NatsFieldOptions {
  readonly cluster: NatsCluster;
  /** Of the stream. */
  readonly copies: number;
  readonly random: Random;
  readonly ackWaitMillis: number;
  /** How long faults last, compared with those of the command. */
  readonly pace: number;
  readonly signal: AbortSignal;
}

/** The servers that faults are done to, and how they choose and wait. */
export class NatsField {
  readonly #options: NatsFieldOptions;
  readonly cluster: NatsCluster;
  readonly copies: number;
  readonly ackWaitMillis: number;

  constructor(options: NatsFieldOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.copies = options.copies;
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

  /** Whether there are other servers that one may be cut off from. */
  get isCluster(): boolean {
    return this.cluster.members.length > 1;
  }

  member(): Member {
    return this.one(this.cluster.members);
  }

  protected one<T>(all: readonly T[]): T {
    return all[this.#options.random.between(0, all.length - 1)] as T;
  }
}

export interface FieldOptions extends NatsFieldOptions {
  readonly fleet: Fleet;
  readonly endpoint: FaultyEndpoint;
  /** The application that has an event store. */
  readonly app: App;
}

/** All that faults are done to. */
export class Field extends NatsField {
  readonly fleet: Fleet;
  readonly endpoint: FaultyEndpoint;
  readonly app: App;

  constructor(options: FieldOptions) {
    super(options);
    this.fleet = options.fleet;
    this.endpoint = options.endpoint;
    this.app = options.app;
  }

  deliverer(): Slot {
    return this.one(this.fleet.deliverers);
  }

  receiver(): Slot {
    return this.one(this.fleet.receivers);
  }
}

/** Does something to the field and mends it again. It gives false if it cannot be done here. */
export type Fault<F extends NatsField = Field> = (field: F) => Promise<unknown>;

export type Faults<F extends NatsField = Field> = Readonly<Record<string, Fault<F>>>;
