// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { MeasuredText } from '../model/measured-text.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { ENVELOPE_END, envelopeBytes, envelopeStart } from '../util/envelope.js';
import { inOnePiece, isAsciiText, JoinedTexts, joinTexts } from '../util/event-text.js';

/** Events whose texts become one. An event that outlives the others of its batch keeps so many texts in memory. */
const MOST_JOINED = 16;
/** Joining so few takes longer than it saves. */
const FEW = 3;

/** The texts of an open batch: a few long ones, of which the body of its request is made faster than of each event's. */
export class BatchTexts {
  readonly #events: readonly SerializedEvent[];
  #texts: MeasuredText[] = [];
  /** How many of the events are in them. */
  #count = 0;
  #isWhole = true;

  /** @param events of the batch, to which more are added */
  constructor(events: readonly SerializedEvent[]) {
    this.#events = events;
  }

  /** Called before an event is added. Never throws. */
  makeRoom(): void {
    const { length } = this.#events;
    if (length - this.#count >= MOST_JOINED) this.#join(length);
  }

  /**
   * What the batch consists of, each text of an event or of several. Never throws.
   *
   * @param count of its first events
   * @returns undefined if the texts have to be taken of the events one by one
   */
  ofFirst(count: number, context: EventContext): readonly MeasuredText[] | undefined {
    if (this.#count === 0 && this.#makeBody(count, context)) return this.#texts;
    if (count > this.#count) this.#join(count);
    if (!this.#isWhole) return undefined;
    return count === this.#count ? this.#texts : this.#first(count);
  }

  #join(end: number): void {
    try {
      this.#joinRuns(end);
    } catch {
      // The stack has ended, or the application has frozen an event: each has its text all the same.
      this.#isWhole = false;
    }
    this.#count = end;
  }

  /** @returns false if the events have to be joined in another way */
  #makeBody(end: number, context: EventContext): boolean {
    if (end <= FEW || envelopeBytes(context) !== envelopeStart(context).length + ENVELOPE_END.length)
      return false;
    for (let at = 0; at < end; at++) if (!isAsciiText(this.#events[at] as SerializedEvent)) return false;
    try {
      // A literal has no room for more, which would take a fiftieth of the memory of the events.
      this.#texts = [joinTexts(this.#events, 0, end, envelopeStart(context), ENVELOPE_END)];
      this.#count = end;
      return true;
    } catch {
      // The same.
      return false;
    }
  }

  /** A character outside ASCII would double the memory that the others take. */
  #joinRuns(end: number): void {
    let from = this.#count;
    for (let at = from; at < end; at++) {
      const event = this.#events[at] as SerializedEvent;
      if (isAsciiText(event)) continue;
      this.#joinRun(from, at);
      this.#texts.push(event);
      from = at + 1;
    }
    this.#joinRun(from, end);
  }

  #joinRun(from: number, end: number): void {
    if (end - from > FEW) {
      this.#texts.push(joinTexts(this.#events, from, end));
      return;
    }
    for (const event of this.#events.slice(from, end)) {
      inOnePiece(event.json);
      this.#texts.push(event);
    }
  }

  #first(count: number): readonly MeasuredText[] {
    const texts: MeasuredText[] = [];
    let at = 0;
    for (const text of this.#texts) {
      const end = at + (text instanceof JoinedTexts ? text.count : 1);
      if (end > count) break;
      texts.push(text);
      at = end;
    }
    return [...texts, ...this.#events.slice(at, count)];
  }
}
