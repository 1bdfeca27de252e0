// SPDX-License-Identifier: Apache-2.0
import type { Row, RowsView } from '../../view/types.js';

/** What a row is, whatever its place. */
export function keyOf(row: Row): string {
  return row.kind === 'event' ? `${row.sequence}/${row.index}` : `${row.sequence}`;
}

/** By how many places the rows around one have moved, told by those that both views have. */
export function shiftOf(before: RowsView, after: RowsView, place: number): number {
  const places = new Map(after.rows.map((row, index) => [keyOf(row), after.from + index]));
  for (const [index, row] of before.rows.entries()) {
    if (before.from + index < place) continue;
    const now = places.get(keyOf(row));
    if (now !== undefined) return now - (before.from + index);
  }
  return 0;
}

/** Adds the rows of an earlier view that lie beside those of a later one, so that none in sight goes while others come. */
export function withNeighbors(before: RowsView, after: RowsView, moved: number): RowsView {
  const oldFrom = before.from + moved;
  const [newFrom, newEnd] = [after.from, after.from + after.rows.length];
  if (moved === 0 || oldFrom > newEnd || oldFrom + before.rows.length < newFrom) return after;
  const ahead = before.rows.slice(Math.max(0, -oldFrom), Math.max(0, newFrom - oldFrom));
  const behind = before.rows.slice(Math.max(0, newEnd - oldFrom), Math.max(0, after.total - oldFrom));
  return { ...after, from: newFrom - ahead.length, rows: [...ahead, ...after.rows, ...behind] };
}
