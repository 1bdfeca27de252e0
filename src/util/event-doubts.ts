// SPDX-License-Identifier: Apache-2.0

import type { ExperimentConversion, ExperimentEvent } from '../model/experiment-event.js';
import { isMisread } from './amounts.js';
import { hasOnly, isHexDigit } from './characters.js';
import { placeholderUserId } from './placeholder-user-id.js';
import { quotedKey } from './quoted-key.js';

/** What is wrong with an event that is sent all the same. The message holds neither the user id nor a tag. */
export interface EventDoubt {
  /** Each is worth a line once. */
  readonly kind: string;
  readonly message: string;
}

/** What costs little to ask of each event; the rest is asked only of those for which it is true. May throw. */
export function mayMislead(event: ExperimentEvent): boolean {
  if (placeholderUserId(event.userId) !== undefined || isCollection(event.attributes)) return true;
  if (event.type === 'impression' || event.tags === undefined) return false;
  const { tags } = event;
  return (
    isCollection(tags) ||
    tags.revenue !== event.revenue ||
    tags.value !== event.value ||
    (event.revenue !== undefined && !Number.isSafeInteger(event.revenue))
  );
}

function isHash(text: string): boolean {
  return text.length === 64 && text === text.toLowerCase() && hasOnly(text, isHexDigit);
}

/**
 * Says what Optimizely will count where that is not what the event says. Throws what a getter of the application's does.
 *
 * @param sent what the privacy filter made of it: `beforeSend` may have mended it
 */
export function doubtsOf(event: ExperimentEvent, sent: ExperimentEvent): EventDoubt[] {
  const doubts: EventDoubt[] = [];
  const what = placeholderUserId(event.userId);
  if (what !== undefined && (sent.userId === event.userId || isHash(sent.userId))) {
    const subject = event.type === 'impression' ? 'an impression' : 'a conversion';
    const message = `the userId of ${subject} is ${what}: all such events count as one visitor; give each visitor an id of its own`;
    doubts.push({ kind: `userId ${what}`, message });
  }
  doubts.push(...unreadCollection(event, 'attributes', event.attributes));
  if (event.type === 'conversion' && sent.type === 'conversion') {
    doubts.push(...unreadCollection(event, 'tags', event.tags));
    if (sent.revenue === event.revenue) doubts.push(...misreadRevenue(event));
    if (sent.value === event.value) doubts.push(...misreadValue(event));
  }
  return doubts;
}

/** A Map, a Set, Headers: what they hold is not among their members. */
function isCollection(members: object | undefined): boolean {
  return members !== undefined && Symbol.iterator in members;
}

function unreadCollection(
  { type }: ExperimentEvent,
  field: 'attributes' | 'tags',
  members: object | undefined,
): EventDoubt[] {
  if (members === undefined || !isCollection(members) || 'toJSON' in members) return [];
  if (Array.isArray(members) || Object.keys(members).length > 0) return [];
  const subject = type === 'impression' ? 'an impression' : 'a conversion';
  const message = `the ${field} of ${subject} are a collection, such as a Map, of which nothing is sent; pass Object.fromEntries(…) of it`;
  return [{ kind: `collection ${field}`, message }];
}

function misreadRevenue({ tags = {}, revenue, eventKey }: ExperimentConversion): EventDoubt[] {
  if (!Object.hasOwn(tags, 'revenue') || !isMisread('revenue', tags.revenue, revenue)) return [];
  const subject = `the revenue of a conversion (event key ${quotedKey(eventKey)})`;
  const advice = 'give the amount in cents, as an integer';
  if (revenue === undefined) {
    const message = `${subject} is not a number: no revenue is counted; ${advice}`;
    return [{ kind: 'revenue not counted', message }];
  }
  if (!Number.isSafeInteger(revenue)) {
    const message = `${subject} is beyond 2^53: it is not counted exactly; ${advice}`;
    return [{ kind: 'revenue too large', message }];
  }
  const counted = figure(revenue, revenue === 1 ? ' cent is' : ' cents are');
  return [
    {
      kind: `revenue ${typeof tags.revenue}`,
      message: `${subject} is not a whole number: ${counted} counted; ${advice}`,
    },
  ];
}

function misreadValue({ tags = {}, value, eventKey }: ExperimentConversion): EventDoubt[] {
  if (!Object.hasOwn(tags, 'value') || !isMisread('value', tags.value, value)) return [];
  const subject = `the value of a conversion (event key ${quotedKey(eventKey)})`;
  if (value === undefined) {
    const message = `${subject} is not a number: no value is counted; give a number`;
    return [{ kind: 'value not counted', message }];
  }
  const message = `${subject} is text that is a number only in part: ${figure(value, ' is')} counted; give a number`;
  return [{ kind: 'value in part', message }];
}

/** A larger number may be something else in the wrong place: an account, a telephone number. */
const LARGEST_SHOWN = 1e8;

function figure(counted: number, unit: string): string {
  return Math.abs(counted) <= LARGEST_SHOWN ? `${counted}${unit}` : 'a part of it is';
}
