// SPDX-License-Identifier: Apache-2.0

/** As JSON has numbers, and with zeros in front, which some parsers take. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** As almost all are written. */
const DIGITS = /^-?\d{1,21}$/;
const INTEGER = /^(-?)(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?$/;
const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/**
 * Reads an integer as protobuf's [JSON mapping](https://protobuf.dev/programming-guides/json/) has it: a number or a
 * text, either with an exponent if it likes.
 *
 * @returns undefined if it is not one
 */
export function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (DIGITS.test(value)) return BigInt(value);
  const [, sign, whole, fraction = '', exponent = '0'] = INTEGER.exec(value) ?? [];
  if (whole === undefined) return undefined;
  const digits = whole + fraction;
  const zeros = Number(exponent) - fraction.length;
  const [kept, cut] = zeros < 0 ? [digits.slice(0, zeros), digits.slice(zeros)] : [digits, ''];
  if (/[1-9]/.test(cut)) return undefined;
  const absolute = BigInt(kept) * 10n ** BigInt(Math.max(0, zeros));
  return sign === '-' ? -absolute : absolute;
}

/** @returns undefined if it is not a number, a text of one, or one of the three texts for what JSON has no number for */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    if (Object.hasOwn(NOT_FINITE, value)) return NOT_FINITE[value];
    if (!NUMBER.test(value)) return undefined;
  } else if (typeof value !== 'number') return undefined;
  const number = Number(value);
  // What is larger than a double was rounded to that.
  return Number.isFinite(number) ? number : undefined;
}
