// SPDX-License-Identifier: Apache-2.0

const number = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});

export const count = (value: number): string => number.format(value);

export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${number.format(value)} ${value === 1 ? one : many}`;

export function time(millis: number | null): string {
  return millis === null || Math.abs(millis) > 8.64e15 ? 'no time' : clock.format(millis);
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

export function pValue(value: number): string {
  if (value < 1e-6) return 'p < 0.000001';
  return `p = ${value < 0.001 ? value.toFixed(6) : value.toFixed(3)}`;
}

/** `no_earlier_decision` as people say it. */
export const words = (code: string): string => code.replaceAll('_', ' ');

/** A share without needless digits, for the labels of an axis. */
export const shortPercent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

export const signedPercent = (share: number): string => `${signOf(share)}${percent(Math.abs(share))}`;

/** A difference of two shares. */
export const points = (share: number): string => `${signOf(share)}${Math.abs(share * 100).toFixed(1)} points`;

const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** Revenue comes in cents, of whatever currency. */
export const cents = (value: number): string => withMinus(money.format(value / 100));

export const amount = (value: number): string => withMinus(short.format(value));

const withMinus = (text: string): string => text.replace('-', '−');

function signOf(value: number): string {
  if (value === 0) return '±';
  return value > 0 ? '+' : '−';
}

const date = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' });

/** The date is left out today. */
export function dateTime(millis: number | null, now = Date.now()): string {
  if (millis === null || Math.abs(millis) > 8.64e15) return 'no time';
  const day = date.format(millis);
  return day === date.format(now) ? time(millis) : `${day} ${time(millis)}`;
}
