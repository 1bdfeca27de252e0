// SPDX-License-Identifier: Apache-2.0

import type { EventTags, ExperimentConversion } from '../model/experiment-event.js';
import { hasOnly, isDigit } from './characters.js';

/** What Optimizely counts of a conversion besides itself. */
export type Amounts = Pick<ExperimentConversion, 'revenue' | 'value'>;

// As the reference does, without a radix: 0x10 is 16.
const readInteger: (text: string) => number = Number.parseInt;

type Counted = Amounts & Pick<ExperimentConversion, 'tags'>;

/**
 * The amounts of a conversion as Optimizely's SDKs read them: those that it names, else those among its tags. Numbers and
 * numeric strings only, Python's rule: the JavaScript SDK would send `value: true`.
 *
 * @throws what a getter among the tags throws
 */
export function amountsOf(event: Counted): Amounts {
  // null is the word of an event that has waited for its datafile, and had no amount.
  const named = ownAmounts(event);
  const { revenue, value } = amountsIn(event.tags);
  return {
    revenue: named.revenue === undefined ? revenue : countedRevenue(named.revenue),
    value: named.value === undefined ? value : countedValue(named.value),
  };
}

/** The amounts among tags; otherwise as `amountsOf`. */
export function amountsIn(tags: EventTags | undefined): Amounts {
  if (tags === undefined) return NONE;
  const { revenue, value } = ownAmounts(tags);
  return { revenue: countedRevenue(revenue), value: countedValue(value) };
}

const NONE: Amounts = { revenue: undefined, value: undefined };

function countedRevenue(given: unknown): number | undefined {
  if (Number.isSafeInteger(given)) return given as number;
  if (typeof given === 'number') return finite(Math.trunc(given));
  return typeof given === 'string' ? finite(readInteger(given)) : undefined;
}

function countedValue(given: unknown): number | undefined {
  if (Number.isFinite(given)) return given as number;
  return typeof given === 'string' ? finite(Number.parseFloat(given)) : undefined;
}

type Members = Partial<Readonly<Record<keyof Amounts, unknown>>>;

function ownAmounts(members: Members): Members {
  const { revenue, value } = members;
  if ((revenue === undefined && value === undefined) || inheritsNone(members)) return { revenue, value };
  return {
    revenue: Object.hasOwn(members, 'revenue') ? revenue : undefined,
    value: Object.hasOwn(members, 'value') ? value : undefined,
  };
}

/**
 * Inherited members are not among the tags that are sent, and may be what a dependency has put on Object.prototype. Cheaper
 * than to ask whether a member is an object's own, and true of nearly all.
 */
function inheritsNone(members: object): boolean {
  return (
    Object.getPrototypeOf(members) === Object.prototype &&
    !('revenue' in Object.prototype) &&
    !('value' in Object.prototype)
  );
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

function isWholeNumber(text: string): boolean {
  const number = text.trim();
  return hasOnly(number.startsWith('-') || number.startsWith('+') ? number.slice(1) : number, isDigit);
}

/**
 * Whether Optimizely counts something else than what a tag says: 42 cents for 42.99, 12 for '12abc', nothing for 'abc'.
 *
 * @param given the tag; null and undefined count as absent
 * @param counted the amount that is sent, if any
 */
export function isMisread(name: keyof Amounts, given: unknown, counted: unknown): boolean {
  if (given === undefined || given === null) return false;
  if (typeof given !== 'number' && typeof given !== 'string') return true;
  if (typeof given === 'string' && given.trim() === '') return true;
  if (Number(given) !== counted) return true;
  if (name === 'value') return false;
  return !Number.isSafeInteger(counted) || (typeof given === 'string' && !isWholeNumber(given));
}
