// SPDX-License-Identifier: Apache-2.0
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';

type Visitor = EventBatchParams['visitors'][number];

/**
 * The events of one process. Event n has a uuid that says process and number, so that some bytes an event are enough to
 * know of a million what became of each.
 */
interface Life {
  /** Received so many times; 255 means at least that. */
  readonly received: Uint8Array;
  /** Of the visitor that came first. */
  readonly hashes: Uint32Array;
  /** Of the datafile under which it records; undefined: events may wait for a datafile, and get that of another process. */
  readonly revision: string | undefined;
  /** Events 0 up to here, not included, were acknowledged. */
  acknowledged: number;
  /** The event after the last acknowledged one was refused, and the process was told so. */
  refused: boolean;
}

export interface Totals {
  readonly acknowledged: number;
  /** Recorded, but its process ended before it could say so. */
  readonly unacknowledged: number;
  /** Different events. */
  readonly received: number;
  readonly resent: number;
  readonly poison: number;
  /** Acknowledged events that are still to come. */
  readonly missing: number;
}

const VIOLATIONS_KEPT = 50;
const FIRST_TIMESTAMP = 1_700_000_000_000;
/** Seven in a thousand: each can be found alone at the cost that a batch of ten may have. */
const POISON_EVERY = 137;
const UUID = /^([0-9a-f]{8})-0000-4000-8000-([0-9a-f]{12})$/;

/** What was recorded, what was received, and what of it must not be. */
export class Book {
  readonly #lives: Life[] = [];
  /** Poison events that the server refused alone. */
  readonly #isolated = new Set<string>();
  readonly violations: string[] = [];
  #violationCount = 0;
  #received = 0;
  #resent = 0;

  get violationCount(): number {
    return this.#violationCount;
  }

  /** @returns the number of a new process that records `quota` events at most */
  open(quota: number, revision: string | undefined): number {
    const received = new Uint8Array(quota);
    const hashes = new Uint32Array(quota);
    return this.#lives.push({ received, hashes, revision, acknowledged: 0, refused: false }) - 1;
  }

  /** What a process says of itself. */
  acknowledge(number: number, acknowledged: number, refused: boolean): void {
    const life = this.#life(number);
    if (acknowledged < life.acknowledged || acknowledged > life.received.length) {
      this.violate(`process ${number} acknowledged ${acknowledged} events after ${life.acknowledged}`);
      return;
    }
    life.acknowledged = acknowledged;
    life.refused = refused;
  }

  isPoison(uuid: string): boolean {
    const event = this.#find(uuid);
    return event !== undefined && isPoison(event.index);
  }

  /** The server refused this event, and no other with it. */
  isolated(uuid: string): void {
    this.#isolated.add(uuid);
  }

  /** The server took a batch. */
  receive({ visitors, revision }: EventBatchParams): void {
    for (const visitor of visitors) this.#take(visitor, revision);
  }

  violate(what: string): void {
    this.#violationCount++;
    if (this.violations.length < VIOLATIONS_KEPT) this.violations.push(what);
  }

  totals(): Totals {
    const sum = { acknowledged: 0, unacknowledged: 0, poison: 0, missing: 0 };
    for (const [number, life] of this.#lives.entries()) {
      sum.acknowledged += life.acknowledged;
      if (!life.refused && (life.received[life.acknowledged] ?? 0) > 0) sum.unacknowledged++;
      for (let index = 0; index < life.acknowledged; index++) {
        if (isPoison(index)) sum.poison++;
        if (this.#isMissing(life, number, index)) sum.missing++;
      }
    }
    return { ...sum, received: this.#received, resent: this.#resent };
  }

  /** Whether every acknowledged event has come, or was refused alone if it is poison. */
  isComplete(): boolean {
    return this.#lives.every((life, number) => {
      for (let index = 0; index < life.acknowledged; index++) {
        if (this.#isMissing(life, number, index)) return false;
      }
      return true;
    });
  }

  /** At the end, when the processes have said their last: finds what is missing and what was invented. */
  check(): void {
    for (const [number, life] of this.#lives.entries()) {
      for (let index = 0; index < life.acknowledged; index++) {
        if (!this.#isMissing(life, number, index)) continue;
        const what = isPoison(index) ? 'was never refused' : 'was never received';
        this.violate(`${uuidOf(number, index)}, acknowledged, ${what}`);
      }
      // The one after them may have been recorded without a chance to say so; those behind it were not.
      for (let index = life.acknowledged; index < life.received.length; index++) {
        if (life.received[index] === 0) continue;
        if (index > life.acknowledged) this.violate(`${uuidOf(number, index)} was never recorded`);
        else if (life.refused) this.violate(`${uuidOf(number, index)} was refused, and delivered`);
      }
    }
  }

  #isMissing(life: Life, number: number, index: number): boolean {
    return isPoison(index) ? !this.#isolated.has(uuidOf(number, index)) : life.received[index] === 0;
  }

  #take(visitor: Visitor, revision: string): void {
    const event = visitor.snapshots[0]?.events[0];
    const uuid = String(event?.uuid);
    const found = this.#find(uuid);
    if (found === undefined || event === undefined) {
      this.violate(`${uuid} belongs to no process`);
      return;
    }
    const { number, index, life } = found;
    const told = {
      events: visitor.snapshots.flatMap(snapshot => snapshot.events).length,
      visitor: visitor.visitor_id,
      timestamp: event.timestamp,
      key: event.key,
      entity: event.entity_id,
      revision: life.revision === undefined ? undefined : revision,
    };
    const expected = { events: 1, ...expectedEvent(number, index), revision: life.revision };
    if (JSON.stringify(told) !== JSON.stringify(expected)) {
      this.violate(`${uuid} came as ${JSON.stringify(told)}, not as ${JSON.stringify(expected)}`);
    }
    const hash = hashOf(JSON.stringify(visitor));
    const before = life.received[index] ?? 0;
    if (before === 0) {
      life.hashes[index] = hash;
      this.#received++;
    } else {
      this.#resent++;
      if (life.hashes[index] !== hash) this.violate(`${uuid} was sent again with another content`);
    }
    life.received[index] = Math.min(255, before + 1);
  }

  #find(uuid: string): { number: number; index: number; life: Life } | undefined {
    const parts = UUID.exec(uuid);
    if (parts === null) return undefined;
    const number = Number.parseInt(parts[1] ?? '', 16);
    const index = Number.parseInt(parts[2] ?? '', 16);
    const life = this.#lives[number];
    return life !== undefined && index < life.received.length ? { number, index, life } : undefined;
  }

  #life(number: number): Life {
    const life = this.#lives[number];
    if (life === undefined) throw new RangeError(`no process ${number}`);
    return life;
  }
}

function isPoison(index: number): boolean {
  return index % POISON_EVERY === POISON_EVERY - 1;
}

// The same as in process.mjs.
function uuidOf(number: number, index: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

/** What process.mjs records, as it has to arrive. */
function expectedEvent(number: number, index: number) {
  const common = { visitor: `visitor ${number}/${index} ✓`, timestamp: FIRST_TIMESTAMP + index };
  return index % 3 === 2
    ? { ...common, key: 'purchase', entity: '300' }
    : { ...common, key: 'campaign_activated', entity: '20' };
}

/** FNV-1a over UTF-16. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
