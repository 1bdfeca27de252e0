// SPDX-License-Identifier: Apache-2.0

import { isMisread } from '../../util/amounts.js';
import { isObject, type JsonObject } from '../../util/json.js';
import { placeholderUserId } from '../../util/placeholder-user-id.js';
import type { DatafileIds } from './datafile-ids.js';
import { type EventProblem, quote, type Report } from './event-problem.js';
import { checkIds } from './id-checks.js';
import { type BatchReading, type EventReading, readBatch, type WireEvent } from './wire-event.js';

/** An event of a received batch, and why Optimizely would not count it, or something else. */
export interface ReceivedEvent extends WireEvent {
  /** Empty: it counts as what it says. `no_earlier_decision` goes again when an earlier decision arrives later. */
  readonly problems: EventProblem[];
}

export interface CheckedBatch {
  readonly events: ReceivedEvent[];
  /** What belongs to no event: parts of the batch from which none could be read. */
  readonly problems: EventProblem[];
}

export interface CheckContext {
  /** Undefined if ids are not looked up. */
  readonly index: DatafileIds | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Clocks differ: a timestamp may be this far ahead. */
const FUTURE_TOLERANCE_MILLIS = 60_000;
const SHOWN_PATHS = 3;

/** Finds all that a batch shows by itself; what only earlier batches show is `EventHistory`'s. Never throws. */
export function checkBatch(params: JsonObject, context: CheckContext): CheckedBatch {
  return checkReadings(readBatch(params), context);
}

/** As `checkBatch`, of a batch that was read already. */
export function checkReadings({ readings, unreadable }: BatchReading, context: CheckContext): CheckedBatch {
  const found = new Map<string, EventProblem>();
  const events = readings.map(reading => ({
    ...reading.event,
    problems: checkEvent(reading, context, found),
  }));
  const problems: EventProblem[] = [];
  if (unreadable.length > 0) {
    const shown = unreadable.slice(0, SHOWN_PATHS).join(', ');
    const more = unreadable.length > SHOWN_PATHS ? ` and ${unreadable.length - SHOWN_PATHS} more` : '';
    const message = `${shown}${more}: not an object, or not a list, as the API documents it; nothing in it counts`;
    problems.push({ code: 'malformed', message });
  } else if (events.length === 0) {
    problems.push({ code: 'malformed', message: 'the batch holds no events: send none that is empty' });
  }
  return { events, problems };
}

/** @param found by message: what one batch has wrong it has wrong many times, and a batch can hold a million events */
function checkEvent(
  reading: EventReading,
  { index, now }: CheckContext,
  found: Map<string, EventProblem>,
): EventProblem[] {
  const problems: EventProblem[] = [];
  const report: Report = (code, message) => {
    const problem = found.get(message) ?? { code, message };
    found.set(message, problem);
    problems.push(problem);
  };
  checkIds(reading, index, report);
  checkTimestamp(reading.wire.timestamp, now, report);
  checkNumbers(reading.wire, report);
  checkVisitor(reading.visitor, report);
  return problems;
}

function checkTimestamp(timestamp: unknown, now: number, report: Report): void {
  if (!isMillis(timestamp)) {
    report(
      'timestamp_not_millis',
      `timestamp ${quote(timestamp)} is not in milliseconds: send 13 digits, no fraction`,
    );
  } else if (timestamp > now + FUTURE_TOLERANCE_MILLIS) {
    const seconds = Math.round((timestamp - now) / 1_000);
    report(
      'timestamp_in_future',
      `timestamp is ${seconds} s ahead: send when it happened, and check the clock`,
    );
  }
}

function isMillis(timestamp: unknown): timestamp is number {
  return Number.isInteger(timestamp) && String(timestamp).length === 13 && Number(timestamp) > 0;
}

function checkNumbers({ revenue, value, tags }: JsonObject, report: Report): void {
  const given = isObject(tags) ? tags : {};
  if (revenue !== undefined && !Number.isInteger(revenue)) {
    report('revenue_not_integer', `revenue ${quote(revenue)} is not a whole number: send cents`);
  } else if (isMisread('revenue', asGiven(given.revenue), revenue)) {
    const unit = revenue === 1 ? 'cent is' : 'cents are';
    const counted = revenue === undefined ? 'nothing is' : `${quote(revenue)} ${unit}`;
    const message = `the tag revenue is ${quote(given.revenue)}, and ${counted} counted: give whole cents`;
    report('revenue_misread', message);
  }
  if (value !== undefined && !Number.isFinite(value)) {
    report('value_not_number', `value ${quote(value)} is not a number: send a finite one, unquoted`);
  } else if (isMisread('value', asGiven(given.value), value)) {
    const counted = value === undefined ? 'nothing' : quote(value);
    const message = `the tag value is ${quote(given.value)}, and ${counted} is counted: give a number`;
    report('value_misread', message);
  }
}

/** JSON has no NaN: null is what is left of it, and what was null itself is not sent by the JavaScript SDKs. */
function asGiven(tag: unknown): unknown {
  return tag === null ? Number.NaN : tag;
}

function checkVisitor({ visitor_id: id }: JsonObject, report: Report): void {
  const what = typeof id === 'string' ? placeholderUserId(id) : undefined;
  if (what === undefined) return;
  report(
    'placeholder_visitor_id',
    `visitor_id is ${what}: all such events count as one visitor; send an id for each`,
  );
}
