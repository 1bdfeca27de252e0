// SPDX-License-Identifier: Apache-2.0

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

export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)} ${figure(value).padStart(12)}`).join('\n');
}
