// SPDX-License-Identifier: Apache-2.0

/** Prints rows under a heading, numbers to the right. */
export function printTable(heading: string[], rows: (string | number)[][]): void {
  const text = [heading, ...rows.map(([label, ...cells]) => [`  ${label}`, ...cells.map(String)])];
  const widths = heading.map((_, column) => Math.max(...text.map(row => row[column]?.length ?? 0)));
  for (const row of text) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 2),
    );
    console.log(cells.join('').trimEnd());
  }
  console.log();
}
