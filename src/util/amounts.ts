// SPDX-License-Identifier: Apache-2.0
import type { ExperimentConversion } from '../model/experiment-event.js';

/** What Optimizely counts of a conversion besides itself. */
export type Amounts = Pick<ExperimentConversion, 'revenue' | 'value'>;

/**
 * The amounts of a conversion as Optimizely's SDKs read them: those that it names, else those among its tags. Numbers and
 * numeric strings only, Python's rule: the JavaScript SDK would send `value: true`.
 *
 * @throws what a getter among the tags throws
 */
export function amountsOf(event: Amounts & Pick<ExperimentConversion, 'tags'>): Amounts {
  return {
    revenue: numberFrom(given(event, 'revenue'), Math.trunc, Number.parseInt),
    value: numberFrom(given(event, 'value'), Number, Number.parseFloat),
  };
}

/** null is the word of an event that has waited for its datafile, and had no amount. */
function given(event: Amounts & Pick<ExperimentConversion, 'tags'>, name: keyof Amounts): unknown {
  const named = own(event, name);
  return named === undefined ? own(event.tags, name) : named;
}

/** Inherited members are not among the tags that are sent, and may be what a dependency has put on Object.prototype. */
function own(members: Amounts | ExperimentConversion['tags'], name: keyof Amounts): unknown {
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}

function numberFrom(
  given: unknown,
  fromNumber: (given: number) => number,
  fromString: (given: string) => number,
): number | undefined {
  if (typeof given !== 'number' && typeof given !== 'string') return undefined;
  const number = typeof given === 'number' ? fromNumber(given) : fromString(given);
  return Number.isFinite(number) ? number : undefined;
}

const WHOLE_NUMBER = /^\s*[-+]?\d+\s*$/;

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
  return !Number.isSafeInteger(counted) || (typeof given === 'string' && !WHOLE_NUMBER.test(given));
}
