// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type { EmittedLogRecord, LeftLogRecord } from '../model/log-record-port.js';
import { ATTR_OPTIMIZELY_EVENT_UUID, EVENT_FEATURE_FLAG_EVALUATION } from '../model/semantic-conventions.js';
import { eventNameOf, experimentEventType } from '../util/event-names.js';
import { isStackOverflow } from '../util/guard.js';
import { addOffered, type StoredSpanEvent, wasOffered } from '../util/hand-over-mark.js';
import type { Leftovers } from '../util/leftovers.js';
import { originOfRecord } from './event-origin.js';
import { keyBySpan, keyByUuid, keyOfEvaluation } from './known-events.js';
import type { RawEventTaker } from './raw-event-taker.js';
import { readSpanEventSafely, readSpanEventWhole } from './read-span-event.js';

/** Takes experiment events from log records that other code has emitted. */
export class LogRecordHarvest {
  /** Those that were emitted where the stack had no room to read them. */
  readonly unread: Leftovers<LeftLogRecord>;
  readonly #taker: RawEventTaker;

  constructor(taker: RawEventTaker, unread: Leftovers<LeftLogRecord>) {
    this.#taker = taker;
    this.unread = unread;
  }

  /** Whether events of this name are looked at. */
  takesName(name: string): boolean {
    return this.#taker.takesName(name);
  }

  /** The event was handed over, and its log record is about to come by. */
  expect(event: ExperimentEvent): void {
    this.#taker.knownOfRecords.add(keyByUuid(event));
  }

  /**
   * Throws nothing else: a throwing `onEmit` makes the application's `logger.emit()` throw.
   *
   * @throws RangeError where the stack has ended: the record is to be left with the unread ones
   */
  take(record: EmittedLogRecord): void {
    const { unread } = this;
    const { ledger } = this.#taker;
    const { recordedCount } = ledger;
    try {
      if (!this.#take(record, false)) unread.latest = { record, before: unread.latest };
    } catch (error) {
      // First of all, since it takes no call: an event that is counted must not be taken again.
      if (ledger.recordedCount !== recordedCount) return;
      if (isStackOverflow(error)) throw error;
      this.#taker.failed(error);
    }
  }

  /** Reads what was left where the stack had ended. @param isStackShort if not, what finds no room again stays */
  readUnread(isStackShort: boolean): void {
    const failed = isStackShort ? (error: unknown) => this.#taker.failed(error) : undefined;
    this.unread.doAll(({ record }) => record === undefined || this.#take(record, true), failed);
  }

  /**
   * @param isLate whether the stack had ended before: those behind us have had the record, and it can't be written to
   * @returns false if the stack has ended within `offer`, which returns as if the event were refused, and counted
   */
  #take(record: EmittedLogRecord, isLate: boolean): boolean {
    const { recovery } = this.unread;
    const type = experimentEventType(record.eventName);
    if (type === undefined && !this.#taker.isEvaluation(record.eventName)) return true;
    if (recovery.isNeeded) recovery.request();
    return type === undefined
      ? this.#takeEvaluation(record, isLate)
      : this.#takeExperimentEvent(type, record, isLate);
  }

  #takeEvaluation(record: EmittedLogRecord, isLate: boolean): boolean {
    const { evaluations, knownOfRecords, ledger, processor } = this.#taker;
    const { recordedCount } = ledger;
    const event = { name: EVENT_FEATURE_FLAG_EVALUATION, attributes: record.attributes, time: record.hrTime };
    if (wasOffered(event, processor)) return true;
    const isImpression = evaluations?.take(event, originOfRecord(record)) === true;
    if (isImpression && ledger.recordedCount === recordedCount) return false;
    knownOfRecords.add(keyOfEvaluation(event, record.spanContext));
    if (!isLate) this.#mark(record, event, undefined);
    return true;
  }

  #takeExperimentEvent(type: ExperimentEventType, record: EmittedLogRecord, isLate: boolean): boolean {
    const { knownOfRecords: known, ledger, processor } = this.#taker;
    const { recordedCount } = ledger;
    const event = { name: eventNameOf(type), attributes: record.attributes, time: record.hrTime };
    if (wasOffered(event, processor)) return true;
    const raw = isLate ? readSpanEventSafely(type, event) : readSpanEventWhole(type, event);
    if (known.has(keyByUuid(raw))) return true;
    const checked = this.#taker.take(raw, event, originOfRecord(record), record);
    if (ledger.recordedCount === recordedCount) return false;
    known.add(keyByUuid(checked ?? raw));
    known.add(keyBySpan(raw, record.spanContext));
    if (!isLate) this.#mark(record, event, checked);
    return true;
  }

  /** For those behind us: bridges, exporters, and other processors, so that all of them know the event by one uuid. */
  #mark(record: EmittedLogRecord, event: StoredSpanEvent, taken: ExperimentEvent | undefined): void {
    try {
      // A copy: the application may have given one time to many events.
      const time: [number, number] = [event.time[0], event.time[1]];
      addOffered(event, this.#taker.processor, time);
      record.hrTime = time;
      if (taken !== undefined) record.setAttribute(ATTR_OPTIMIZELY_EVENT_UUID, taken.uuid);
    } catch {
      // A record that can't be written to is known by its key.
    }
  }
}
