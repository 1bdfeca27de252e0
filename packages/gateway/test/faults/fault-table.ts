// SPDX-License-Identifier: Apache-2.0
import type { BookTotals } from './receipt-book.js';

/** What a run prints. */
export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export const figure = (number: number): string => Math.round(number).toLocaleString('en-US');

type Row = readonly [name: string, value: number];

/** The sum, and a row for each, the most frequent first. */
export function count(name: string, counts: ReadonlyMap<string, number>): Row[] {
  const sum = [...counts.values()].reduce((total, one) => total + one, 0);
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  return [[name, sum], ...rows.map(([each, value]): Row => [`  ${each}`, value])];
}

export function totalsOf(totals: BookTotals): Row[] {
  return [
    ['events sent', totals.sent],
    ['  with a receipt', totals.receipts],
    ['  poison (400)', totals.poison],
    ['events counted', totals.counted],
    ['  received again', totals.resent],
    ['  with a receipt and missing', totals.missing],
  ];
}

/** Prints what must not be, and has the process fail for it. */
export function sayViolations(violations: readonly string[]): void {
  for (const violation of violations) say(`violation: ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}

export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)} ${figure(value).padStart(12)}`).join('\n');
}
