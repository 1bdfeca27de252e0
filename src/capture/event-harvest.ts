// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type { InstalledProcessor } from '../model/installed-processor.js';
import type { EmittedLogRecord } from '../model/log-record-port.js';
import type { Logger } from '../model/logger.js';
import { ATTR_OPTIMIZELY_EVENT_UUID, EVENT_FEATURE_FLAG_EVALUATION } from '../model/semantic-conventions.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { eventNameOf, experimentEventType } from '../util/event-names.js';
import { isStackOverflow } from '../util/guard.js';
import { addOffered, type StoredSpanEvent, wasOffered } from '../util/hand-over-mark.js';
import { type Unusable, unusable } from '../util/unusable-field.js';
import { cutsStrings } from './cuts-strings.js';
import type { EvaluationEvents } from './evaluation-events.js';
import { originOfRecord, originOfSpan } from './event-origin.js';
import { listedEvents } from './foreign-events.js';
import { isBridged, KnownEvents, keyBySpan, keyByUuid, keyOfEvaluation } from './known-events.js';
import type { EventOrigin } from './raw-event.js';
import {
  attributeOf,
  type RawExperimentEvent,
  readSpanEventSafely,
  readSpanEventWhole,
  UNREADABLE,
  withUuid,
} from './read-span-event.js';
import { SpanSpecimen } from './span-specimen.js';
import type { HarvestedSpan, UnreadSpan, UnreadSpans } from './unread-spans.js';

export type CheckRawInput = (
  type: ExperimentEventType,
  input: Readonly<Record<string, unknown>>,
) => ExperimentEvent | Unusable;

/** Takes experiment events that were not handed over when they were recorded: from ended spans, and from log records. */
export class EventHarvest {
  readonly unread: UnreadSpans;
  readonly #processor: InstalledProcessor;
  readonly #logger: Logger;
  readonly #check: CheckRawInput;
  readonly #evaluations: EvaluationEvents | undefined;
  readonly #said = new OnceLog();
  readonly #specimen = new SpanSpecimen();
  /** There once a log record came by. */
  #known: KnownEvents | undefined;

  /** @param evaluations what to do with flag evaluations; undefined to ignore them */
  constructor(
    processor: InstalledProcessor,
    logger: Logger,
    check: CheckRawInput,
    unread: UnreadSpans,
    evaluations?: EvaluationEvents,
  ) {
    this.#processor = processor;
    this.#logger = logger;
    this.#check = check;
    this.unread = unread;
    this.#evaluations = evaluations;
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
      if (typeof span === 'object' && span !== null) this.#failed(error);
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
    if (!this.#said.first('unreadable span')) return;
    this.#logger.warn(
      "span events can't be read from this tracer provider's spans, which have no list `events`: experiment events that " +
        'are added with span.addEvent do not reach Optimizely; record them with recordImpression and recordConversion',
    );
  }

  /** Whether events of this name are looked at. */
  takesName(name: string): boolean {
    return experimentEventType(name) !== undefined || this.#isEvaluation(name);
  }

  /** Never throws: a throwing `onEmit` makes the application's `logger.emit()` throw. */
  takeLogRecord(record: EmittedLogRecord): void {
    try {
      const type = experimentEventType(record.eventName);
      if (type !== undefined) this.#takeRecord(type, record);
      else if (record.eventName === EVENT_FEATURE_FLAG_EVALUATION) this.#takeEvaluationRecord(record);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The event was handed over, and its log record is about to come by. */
  expectLogRecord(event: ExperimentEvent): void {
    this.#knownEvents().add(keyByUuid(event));
  }

  /** Reads what was left where the stack had ended. @param isStackShort if not, what finds no room again stays */
  readUnread(isStackShort: boolean): void {
    const read = ({ span, event }: UnreadSpan) => {
      if (event === undefined) this.takeSpan(span);
      else this.#lookAgain(event, span, isStackShort);
    };
    this.unread.readAll(read, isStackShort ? error => this.#failed(error) : undefined);
  }

  /** A broken event costs none of those behind it. */
  #look(event: StoredSpanEvent, span: HarvestedSpan): void {
    const { unread } = this;
    const { recordedCount } = unread.ledger;
    let isMarked = false;
    try {
      const type = experimentEventType(event.name);
      if (type === undefined && !this.#isEvaluation(event.name)) return;
      if (wasOffered(event, this.#processor)) return;
      addOffered(event, this.#processor);
      isMarked = true;
      this.#takeMarked(type, event, span);
      // Where the stack ends within `offer`, that returns as if the event were refused.
      if (unread.recovery.isNeeded && unread.ledger.recordedCount === recordedCount)
        unread.latest = { span, event, before: unread.latest };
    } catch (error) {
      if (isMarked && unread.ledger.recordedCount === recordedCount) {
        unread.latest = { span, event, before: unread.latest };
        unread.recovery.isNeeded = true;
      }
      if (isStackOverflow(error)) throw error;
      this.#failed(error);
    }
  }

  /** What fails again although the stack is short is no event that can be read. */
  #lookAgain(event: StoredSpanEvent, span: HarvestedSpan, isStackShort: boolean): void {
    const { recordedCount } = this.unread.ledger;
    const type = experimentEventType(event.name);
    try {
      this.#takeMarked(type, event, span);
    } catch (error) {
      if (!isStackShort) throw error;
      this.#failed(error);
      if (type !== undefined && this.unread.ledger.recordedCount === recordedCount)
        this.#processor.refuse(type, UNREADABLE);
    }
  }

  #isEvaluation(name: string): boolean {
    return this.#evaluations !== undefined && name === EVENT_FEATURE_FLAG_EVALUATION;
  }

  #takeMarked(type: ExperimentEventType | undefined, event: StoredSpanEvent, span: HarvestedSpan): void {
    const origin = originOfSpan(span);
    if (type === undefined) {
      if (!this.#known?.has(keyOfEvaluation(event, origin))) this.#evaluations?.take(event, origin);
      return;
    }
    const raw = readSpanEventWhole(type, event);
    if (this.#known !== undefined && isBridged(raw, origin, this.#known)) return;
    this.#takeEvent(raw, event, origin, span);
  }

  #takeEvaluationRecord(record: EmittedLogRecord): void {
    const event = { name: EVENT_FEATURE_FLAG_EVALUATION, attributes: record.attributes, time: record.hrTime };
    if (this.#evaluations === undefined || wasOffered(event, this.#processor)) return;
    this.#knownEvents().add(keyOfEvaluation(event, record.spanContext));
    this.#mark(record, event, undefined);
    this.#evaluations.take(event, originOfRecord(record));
  }

  #takeRecord(type: ExperimentEventType, record: EmittedLogRecord): void {
    const event = { name: eventNameOf(type), attributes: record.attributes, time: record.hrTime };
    if (wasOffered(event, this.#processor)) return;
    const known = this.#knownEvents();
    const raw = readSpanEventSafely(type, event);
    if (known.has(keyByUuid(raw))) return;
    const checked = this.#takeEvent(raw, event, originOfRecord(record), record);
    known.add(keyByUuid(checked ?? raw));
    known.add(keyBySpan(raw, record.spanContext));
    this.#mark(record, event, checked);
  }

  /** For those behind us: bridges, exporters, and other processors, so that all of them know the event by one uuid. */
  #mark(record: EmittedLogRecord, event: StoredSpanEvent, taken: ExperimentEvent | undefined): void {
    try {
      // A copy: the application may have given one time to many events.
      const time: [number, number] = [event.time[0], event.time[1]];
      addOffered(event, this.#processor, time);
      record.hrTime = time;
      if (taken !== undefined) record.setAttribute(ATTR_OPTIMIZELY_EVENT_UUID, taken.uuid);
    } catch {
      // A record that can't be written to is known by its key.
    }
  }

  /** @param source the span or log record, by whose limits strings were cut */
  #takeEvent(
    raw: RawExperimentEvent,
    event: StoredSpanEvent,
    origin: EventOrigin | undefined,
    source: object,
  ): ExperimentEvent | undefined {
    const { type } = raw;
    if (cutsStrings(source) && this.#said.first('limit')) {
      this.#logger.warn(
        'experiment events that are not recorded with recordImpression and recordConversion are unsafe under an ' +
          'attributeValueLengthLimit: a cut user id is another visitor',
      );
    }
    const checked =
      raw.unusable === undefined ? this.#check(type, withUuid(raw, event, origin)) : unusable(raw.unusable);
    if (checked.type === 'unusable') {
      this.#processor.refuse(type, attributeOf(type, checked.unusable));
      return undefined;
    }
    this.#processor.offer(checked);
    return checked;
  }

  #knownEvents(): KnownEvents {
    this.#known ??= new KnownEvents();
    return this.#known;
  }

  #failed(error: unknown): void {
    if (this.#said.first('unexpected'))
      this.#logger.error(`reading experiment events failed: ${errorLabel(error)}`);
  }
}
