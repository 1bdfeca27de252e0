// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import { experimentEventType } from '../util/event-names.js';
import { isStackOverflow } from '../util/guard.js';
import { addOffered, type StoredSpanEvent, wasOffered } from '../util/hand-over-mark.js';
import type { Leftover, Leftovers } from '../util/leftovers.js';
import { originOfSpan } from './event-origin.js';
import { listedEvents } from './foreign-events.js';
import { isBridged, keyOfEvaluation } from './known-events.js';
import type { RawEventTaker } from './raw-event-taker.js';
import { readSpanEventWhole, UNREADABLE } from './read-span-event.js';
import { SpanSpecimen } from './span-specimen.js';

export interface HarvestedSpan {
  readonly events: readonly StoredSpanEvent[];
}

export interface UnreadSpan extends Leftover<UnreadSpan> {
  span?: HarvestedSpan;
  /** One of its events, which was not offered though it may be marked so; undefined for all that are not marked. */
  event?: StoredSpanEvent | undefined;
}

/** Takes experiment events from ended spans: those that were not handed over when they were recorded. */
export class EventHarvest {
  /** Those that ended where the stack had no room to read them. */
  readonly unread: Leftovers<UnreadSpan>;
  readonly #taker: RawEventTaker;
  readonly #specimen = new SpanSpecimen();

  constructor(taker: RawEventTaker, unread: Leftovers<UnreadSpan>) {
    this.#taker = taker;
    this.unread = unread;
  }

  /** @throws RangeError where the stack has ended: the span is to be left with the unread ones */
  takeSpan(span: HarvestedSpan): void {
    try {
      const { events } = span;
      if (Array.isArray(events)) {
        if (events.length === 0) return;
        if (this.unread.recovery.isNeeded) this.unread.recovery.request();
        for (const event of events) this.#look(event, span);
        this.#specimen.offer(span);
      } else {
        this.#takeForeignSpan(span);
      }
    } catch (error) {
      if (isStackOverflow(error)) throw error;
      if (typeof span === 'object' && span !== null) this.#taker.failed(error);
      else this.#sayUnreadable();
    }
  }

  /** Providers of other vendors have spans of their own. */
  #takeForeignSpan(span: HarvestedSpan): void {
    const events = listedEvents(span.events);
    if (events === undefined) this.#sayUnreadable();
    else for (const event of events) this.#look(event, span);
  }

  #sayUnreadable(): void {
    this.#taker.sayOnce(
      'unreadable span',
      "span events can't be read from this tracer provider's spans, which have no list `events`: experiment events that " +
        'are added with span.addEvent do not reach Optimizely; record them with recordImpression and recordConversion',
    );
  }

  /** Reads what was left where the stack had ended. @param isStackShort if not, what finds no room again stays */
  readUnread(isStackShort: boolean): void {
    const read = ({ span, event }: UnreadSpan) => {
      if (span === undefined) return true;
      if (event !== undefined) return this.#lookAgain(event, span, isStackShort);
      this.takeSpan(span);
      return true;
    };
    this.unread.doAll(read, isStackShort ? error => this.#taker.failed(error) : undefined);
  }

  /** A broken event costs none of those behind it. */
  #look(event: StoredSpanEvent, span: HarvestedSpan): void {
    const { unread } = this;
    const { ledger, processor } = this.#taker;
    const { recordedCount } = ledger;
    let isUnoffered = false;
    try {
      const type = experimentEventType(event.name);
      if (type === undefined && !this.#taker.isEvaluation(event.name)) return;
      if (wasOffered(event, processor)) return;
      // Before it is marked: the stack may end within that, when the mark is set.
      isUnoffered = true;
      addOffered(event, processor);
      // Where the stack ends within `offer`, that returns as if the event were refused, and counted.
      if (this.#takeMarked(type, event, span) && ledger.recordedCount === recordedCount)
        unread.latest = { span, event, before: unread.latest };
    } catch (error) {
      if (isUnoffered && ledger.recordedCount === recordedCount) {
        const left: UnreadSpan = {};
        left.span = span;
        left.event = event;
        left.before = unread.latest;
        unread.latest = left;
        unread.recovery.isNeeded = true;
      }
      if (isStackOverflow(error)) throw error;
      this.#taker.failed(error);
    }
  }

  /**
   * What fails again although the stack is short is no event that can be read.
   *
   * @returns false if the stack has ended again
   */
  #lookAgain(event: StoredSpanEvent, span: HarvestedSpan, isStackShort: boolean): boolean {
    const { ledger, processor } = this.#taker;
    const { recordedCount } = ledger;
    const type = experimentEventType(event.name);
    try {
      if (!wasOffered(event, processor)) addOffered(event, processor);
      return !this.#takeMarked(type, event, span) || ledger.recordedCount !== recordedCount;
    } catch (error) {
      if (!isStackShort) throw error;
      this.#taker.failed(error);
      if (type !== undefined && ledger.recordedCount === recordedCount) processor.refuse(type, UNREADABLE);
      return true;
    }
  }

  /** @returns whether it was handed over or refused */
  #takeMarked(type: ExperimentEventType | undefined, event: StoredSpanEvent, span: HarvestedSpan): boolean {
    const origin = originOfSpan(span);
    const { known, evaluations } = this.#taker;
    if (type === undefined)
      return !known?.has(keyOfEvaluation(event, origin)) && evaluations?.take(event, origin) === true;
    const raw = readSpanEventWhole(type, event);
    if (known !== undefined && isBridged(raw, origin, known)) return false;
    this.#taker.take(raw, event, origin, span);
    return true;
  }
}
