// SPDX-License-Identifier: Apache-2.0
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { nanos } from './fit.js';
import type { NatsLink, OpenLink } from './nats-link.js';
import type { StreamMessage } from './stream-message.js';

/** Why a message can't be delivered by this fleet. */
export const PARK_REASONS = ['unreadable', 'newer_format', 'unknown_project', 'too_large'] as const;
export type ParkReason = (typeof PARK_REASONS)[number];

const MAX_AGE_MILLIS = 30 * 86_400_000;
const MAX_BYTES = 1_073_741_824;
const PROBLEM_HEADER = 'Optimizely-Parked';
/** Of NATS itself: who publishes again says these anew. */
const OF_NATS = /^nats-/i;

/** @returns the name of the stream of parked messages, which is its subject, too */
export function parkedStreamOf(stream: string): string {
  return `${stream}-parked`;
}

/**
 * Where messages go that no gateway of the fleet can deliver: into a stream of their own, so that they are not in the
 * way and can be looked at. It is made when the first one comes; the oldest leave it when it is full.
 */
export class ParkedMessages {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #replicas: number;
  #isThere = false;

  constructor(link: NatsLink, options: { readonly stream: string; readonly replicas: number }) {
    this.#link = link;
    this.#stream = options.stream;
    this.#replicas = options.replicas;
  }

  /** @throws (rejects) if it could not be parked */
  async park(message: StreamMessage, problem: string): Promise<void> {
    const open = await this.#link.open();
    if (!this.#isThere) await this.#make(open);
    const name = parkedStreamOf(this.#stream);
    try {
      await open.client.publish(name, message.data, {
        headers: headersOf(message, problem),
        expect: { streamName: name },
      });
    } catch (error) {
      this.#isThere = false;
      throw error;
    }
  }

  async #make({ manager }: OpenLink): Promise<void> {
    const name = parkedStreamOf(this.#stream);
    try {
      await manager.streams.info(name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound)
        throw error;
      await manager.streams.add({
        name,
        subjects: [name],
        retention: 'limits',
        storage: 'file',
        discard: 'old',
        max_age: nanos(MAX_AGE_MILLIS),
        max_bytes: MAX_BYTES,
        num_replicas: this.#replicas,
      });
    }
    this.#isThere = true;
  }
}

function headersOf(message: StreamMessage, problem: string): MsgHdrs {
  const made = headers();
  for (const [name, values] of message.headers ?? []) {
    if (OF_NATS.test(name)) continue;
    for (const value of values) made.append(name, value);
  }
  made.set(PROBLEM_HEADER, problem.slice(0, 200));
  return made;
}
