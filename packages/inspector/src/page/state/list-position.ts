// SPDX-License-Identifier: Apache-2.0

/**
 * Browsers cut what is higher than some ten million pixels, less when zoomed. A longer list is given this height, and its
 * rows move beneath the scroll bar.
 */
const MOST_PIXELS = 4_000_000;

/** What a list of rows of one height needs to know of its scroll box, in CSS pixels. */
export interface ScrollBox {
  readonly rows: number;
  readonly rowHeight: number;
  /** Of what is visible. */
  readonly height: number;
}

/** Where a list stands. */
export interface Position {
  /** What the browser knows. */
  readonly scrollTop: number;
  /** How far the top of what is visible is from the first row. */
  readonly offset: number;
}

export const TOP: Position = { scrollTop: 0, offset: 0 };

/** The height that the scroll bar is made for. */
export function scrollHeight({ rows, rowHeight }: ScrollBox): number {
  return Math.min(rows * rowHeight, MOST_PIXELS);
}

/** After the reader has scrolled: a wheel moves the rows by as much, a jump of the scroll bar by its share of the list. */
export function scrolledTo(scrollTop: number, before: Position, box: ScrollBox): Position {
  const most = mostOf(box);
  const mostScroll = Math.max(0, scrollHeight(box) - box.height);
  if (most === mostScroll) return { scrollTop, offset: clamp(scrollTop, 0, most) };
  const step = scrollTop - before.scrollTop;
  if (scrollTop <= 0) return TOP;
  if (scrollTop >= mostScroll - 1) return { scrollTop, offset: most };
  if (Math.abs(step) <= box.height) return { scrollTop, offset: clamp(before.offset + step, 0, most) };
  return { scrollTop, offset: (scrollTop / mostScroll) * most };
}

/** For the page to scroll by itself. */
export function positionAt(offset: number, box: ScrollBox): Position {
  const most = mostOf(box);
  const mostScroll = Math.max(0, scrollHeight(box) - box.height);
  const clamped = clamp(offset, 0, most);
  return { scrollTop: most === 0 ? 0 : Math.round((clamped / most) * mostScroll), offset: clamped };
}

/** The nearest position at which a row is visible whole. */
export function positionShowing(place: number, from: Position, box: ScrollBox): Position {
  const top = place * box.rowHeight;
  if (top < from.offset) return positionAt(top, box);
  const bottom = top + box.rowHeight - box.height;
  return bottom > from.offset ? positionAt(bottom, box) : from;
}

/** @returns the first row that is drawn and the one after the last, with some to spare */
export function drawnRows({ offset }: Position, { rows, rowHeight, height }: ScrollBox): [number, number] {
  const spare = 6;
  const first = Math.floor(offset / rowHeight) - spare;
  const last = Math.ceil((offset + height) / rowHeight) + spare;
  return [clamp(first, 0, rows), clamp(last, 0, rows)];
}

function mostOf({ rows, rowHeight, height }: ScrollBox): number {
  return Math.max(0, rows * rowHeight - height);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
