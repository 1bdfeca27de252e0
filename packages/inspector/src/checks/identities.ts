// SPDX-License-Identifier: Apache-2.0

import { DUPLICATE, type WireEvent } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';
import { keepNewest } from '../util/keep-newest.js';

const REUSED: Problem = {
  code: 'reused_uuid',
  message:
    'its uuid belongs to an event with another entity_id or timestamp too: give each event its own uuid',
};
/** A uuid that everybody uses must not make every event slower than the one before. */
const MOST_COMPARED = 8;

type Identity = Pick<WireEvent, 'entityId' | 'timestamp'>;

/** Which events were received, as far as it is remembered: the most recent ones. */
export class Identities {
  readonly #most: number;
  /** By uuid, oldest first; a list only where a uuid was used again. */
  readonly #received = new Map<string, Identity | Identity[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Remembers the event. @returns what earlier ones show about it */
  add(event: WireEvent): Problem | undefined {
    const { uuid } = event;
    if (uuid === '') return undefined;
    const known = this.#received.get(uuid);
    if (known === undefined) {
      this.#received.set(uuid, event);
      keepNewest(this.#received, this.#most);
      return undefined;
    }
    const before = Array.isArray(known) ? known : [known];
    if (before.some(other => isSame(other, event))) return DUPLICATE;
    if (before.length < MOST_COMPARED) this.#received.set(uuid, [...before, event]);
    return REUSED;
  }
}

/** `NaN`, which is what no timestamp is read as, is the same as itself here. */
function isSame(a: Identity, b: Identity): boolean {
  return a.entityId === b.entityId && Object.is(a.timestamp, b.timestamp);
}
