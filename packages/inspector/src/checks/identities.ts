// SPDX-License-Identifier: Apache-2.0

import { DUPLICATE, type WireEvent } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';
import { keepNewest } from '../util/keep-newest.js';

const REUSED: Problem = {
  code: 'reused_uuid',
  message:
    'its uuid belongs to an event with another entity_id or timestamp too: give each event its own uuid',
};

/** Which events were received, as far as it is remembered: the most recent ones. */
export class Identities {
  readonly #most: number;
  /** By uuid, oldest first: entity_id and timestamp. */
  readonly #received = new Map<string, string[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Remembers the event. @returns what earlier ones show about it */
  add({ entityId, uuid, timestamp }: WireEvent): Problem | undefined {
    if (uuid === '') return undefined;
    const rest = JSON.stringify([entityId, timestamp]);
    const known = this.#received.get(uuid);
    if (known === undefined) {
      this.#received.set(uuid, [rest]);
      keepNewest(this.#received, this.#most);
      return undefined;
    }
    if (known.includes(rest)) return DUPLICATE;
    // A uuid that everybody uses must not make every event slower than the one before.
    if (known.length < 8) known.push(rest);
    return REUSED;
  }
}
