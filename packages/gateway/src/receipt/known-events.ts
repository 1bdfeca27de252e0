// SPDX-License-Identifier: Apache-2.0
import type { OutstandingEvent } from './outstanding-event.js';

/** Events of one generation; two are remembered. */
const MAX_EVENTS = 5_000;
/** Their keys: one character is a byte or two. */
const MAX_CHARACTERS = 8_388_608;

/**
 * The events that are outstanding, and what became of the latest 5,000 to 10,000, for senders whose answer was lost: they
 * get it at once, and no second request is made of it. An event that was forgotten is sent again, and counted once by
 * Optimizely.
 */
export class KnownEvents {
  /** Whole generations are forgotten: one event at a time would cost a fifth of what an event costs in all. */
  #older: ReadonlyMap<string, OutstandingEvent> = new Map();
  #newer = new Map<string, OutstandingEvent>();
  /** What the newer generation may grow to. */
  #maxEvents = MAX_EVENTS;
  #maxCharacters = MAX_CHARACTERS;
  #characters = 0;

  /** @returns undefined also for an event that is to be sent again */
  find(key: string): OutstandingEvent | undefined {
    const event = this.#newer.get(key) ?? this.#older.get(key);
    return event?.verdict?.kind === 'later' ? undefined : event;
  }

  add(key: string, event: OutstandingEvent): void {
    if (this.#newer.size >= this.#maxEvents || this.#characters >= this.#maxCharacters) this.#turn();
    this.#newer.set(key, event);
    this.#characters += key.length;
  }

  /** What is still outstanding is never forgotten. The more that is, the more are remembered: it is not moved often. */
  #turn(): void {
    const before = this.#older;
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#characters = 0;
    for (const [key, event] of before) {
      if (event.verdict !== undefined || this.#older.has(key)) continue;
      this.#newer.set(key, event);
      this.#characters += key.length;
    }
    this.#maxEvents = MAX_EVENTS + 2 * this.#newer.size;
    this.#maxCharacters = MAX_CHARACTERS + 2 * this.#characters;
  }
}
