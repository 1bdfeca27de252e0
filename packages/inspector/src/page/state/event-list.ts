// SPDX-License-Identifier: Apache-2.0
import { batch, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Row, RowsView } from '../../view/types.js';
import { type Address, filterOf } from './address.js';
import { fetchRows, type RowsWindow } from './api.js';
import {
  drawnRows,
  type Position,
  positionAt,
  positionShowing,
  type ScrollBox,
  scrolledTo,
  TOP,
} from './list-position.js';
import { Throttled } from './throttle.js';
import { keyOf, shiftOf, withNeighbors } from './view-changes.js';

const WINDOW_ROWS = 160;
const REFRESH_MILLIS = 150;
const NO_ROWS: RowsView = { from: 0, rows: [], total: 0, events: 0, until: 0, newer: 0 };

/** A row that the reader stands on. It is known by what it shows: its place changes when others come and go. */
export interface Cursor {
  readonly key: string;
  readonly place: number;
}

/**
 * The list of events: only the rows around those in sight are asked for. It follows what arrives until the reader
 * scrolls, moves, or selects text in it; from then on it stands still until it is asked to follow again.
 */
export class EventListState {
  readonly #address: ReadonlySignal<Address>;
  readonly #box = signal({ rowHeight: 34, height: 0 });
  readonly view = signal<RowsView>(NO_ROWS);
  readonly position = signal<Position>(TOP);
  readonly cursor = signal<Cursor | undefined>(undefined);
  /** The latest batch that is shown, if the list stands still. */
  readonly until = signal<number | undefined>(undefined);
  readonly #loading = new Throttled(REFRESH_MILLIS, () => this.#load());
  #asked = '';
  /** The latest batch of a page that is paused. */
  #pausedUntil: number | undefined;

  constructor(address: ReadonlySignal<Address>) {
    this.#address = address;
    effect(() => {
      const { sort, ...rest } = this.#address.value;
      const asked = JSON.stringify([sort, filterOf({ sort, ...rest })]);
      if (asked === this.#asked) return;
      this.#asked = asked;
      this.follow();
    });
  }

  get box(): ScrollBox {
    return { rows: this.view.value.total, ...this.#box.value };
  }

  /** A list that is not shown, or has no style yet, has no height: what was known of it stays. */
  resized(rowHeight: number, height: number): void {
    const before = this.#box.peek();
    if (rowHeight <= 0 || height <= 0) return;
    if (before.rowHeight === rowHeight && before.height === height) return;
    const place = this.position.peek().offset / before.rowHeight;
    batch(() => {
      this.#box.value = { rowHeight, height };
      this.position.value = positionAt(place * rowHeight, this.box);
    });
    this.#askIfNeeded();
  }

  /** Events have come. */
  refresh(): void {
    this.#loading.ask();
  }

  /** Shows the newest again, and what comes. */
  follow(): void {
    batch(() => {
      this.until.value = this.#pausedUntil;
      this.cursor.value = undefined;
      this.position.value = TOP;
    });
    this.#loading.hurry();
  }

  /** Nothing newer is shown, whatever is filtered, until `goOn`. */
  pause(): void {
    this.#pausedUntil = this.until.peek() ?? this.view.peek().until;
    this.until.value = this.#pausedUntil;
  }

  goOn(): void {
    this.#pausedUntil = undefined;
    this.release();
    if (this.#address.peek().sort === 'oldest') this.until.value = undefined;
    this.refresh();
  }

  /** Stands still. */
  hold(): void {
    if (this.#address.peek().sort === 'newest') this.until.value ??= this.view.peek().until;
  }

  /** Follows again if nothing is being read: the list is at its top, and no row is chosen. */
  release(): void {
    const isRead = this.position.peek().offset > 0 || this.cursor.peek() !== undefined;
    if (!isRead && this.until.peek() !== this.#pausedUntil) this.follow();
  }

  scrolled(scrollTop: number): void {
    const before = this.position.peek();
    if (scrollTop === before.scrollTop) return;
    this.position.value = scrolledTo(scrollTop, before, this.box);
    if (scrollTop > 0) this.hold();
    else this.release();
    this.#askIfNeeded();
  }

  /** @param step in rows, from the chosen row */
  move(step: number): void {
    const { total } = this.view.peek();
    if (total === 0) return;
    const from = this.cursor.peek()?.place ?? (step > 0 ? -1 : 0);
    this.choose(Math.min(Math.max(from + step, 0), total - 1));
  }

  choose(place: number): void {
    this.hold();
    const row = this.rowAt(place);
    batch(() => {
      this.cursor.value = { key: row === undefined ? '' : keyOf(row), place };
      this.position.value = positionShowing(place, this.position.peek(), this.box);
    });
    this.#askIfNeeded();
  }

  /** Leaves the chosen row. @returns false if none was chosen */
  leave(): boolean {
    if (this.cursor.peek() === undefined) return false;
    this.cursor.value = undefined;
    this.release();
    return true;
  }

  rowAt(place: number): Row | undefined {
    const { from, rows } = this.view.peek();
    return rows[place - from];
  }

  /** What the list shows, for a copy of it. */
  get shown(): Pick<RowsWindow, 'filter' | 'sort' | 'until'> {
    const address = this.#address.value;
    return { filter: filterOf(address), sort: address.sort, until: this.until.value };
  }

  async #load(): Promise<void> {
    const [first] = drawnRows(this.position.peek(), this.box);
    const asked = this.#asked;
    const until = this.until.peek();
    const from = Math.max(0, first - Math.floor(WINDOW_ROWS / 3));
    const view = await fetchRows({ ...this.shown, until, from, count: WINDOW_ROWS });
    // Held or filtered meanwhile: what was asked for would move the rows.
    if (asked !== this.#asked || until !== this.until.peek()) this.#loading.hurry();
    else this.#show(view);
  }

  #show(view: RowsView): void {
    const before = this.view.peek();
    const moved = this.position.peek().offset > 0 ? shiftOf(before, view, this.#firstVisible()) : 0;
    batch(() => {
      this.view.value = withNeighbors(before, view, moved);
      const { offset } = this.position.peek();
      if (moved !== 0)
        this.position.value = positionAt(offset + moved * this.#box.peek().rowHeight, this.box);
      else if (offset > 0) this.position.value = this.#within(this.position.peek());
      this.#findCursor(moved);
    });
    this.#askIfNeeded();
  }

  /** The list may have become shorter. */
  #within(position: Position): Position {
    const most = Math.max(0, this.box.rows * this.box.rowHeight - this.box.height);
    return position.offset > most ? positionAt(most, this.box) : position;
  }

  #findCursor(moved: number): void {
    const cursor = this.cursor.peek();
    if (cursor === undefined) return;
    const { rows, from } = this.view.peek();
    const index = cursor.key === '' ? cursor.place - from : rows.findIndex(row => keyOf(row) === cursor.key);
    const row = rows[index];
    this.cursor.value =
      row === undefined
        ? { ...cursor, place: cursor.place + moved }
        : { key: keyOf(row), place: from + index };
  }

  #firstVisible(): number {
    return Math.floor(this.position.peek().offset / this.#box.peek().rowHeight);
  }

  #askIfNeeded(): void {
    const [first, last] = drawnRows(this.position.peek(), this.box);
    const { from, rows } = this.view.peek();
    if (first < from || last > from + rows.length) this.#loading.hurry();
  }
}
