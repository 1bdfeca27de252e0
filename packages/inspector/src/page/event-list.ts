// SPDX-License-Identifier: Apache-2.0
import type { Row, RowsView } from '../view/types.js';
import { type Filter, fetchRows } from './api.js';
import { byId } from './dom.js';
import { counted } from './format.js';
import { renderPlaceholder, renderRow } from './row.js';
import { throttle } from './throttle.js';

const WINDOW_ROWS = 120;
const REFRESH_MILLIS = 150;

export interface EventListHost {
  readonly filter: () => Filter;
  /** Somebody wants to see this row whole. */
  readonly open: (row: Row) => void;
  /** The latest batch that is known. */
  readonly latest: () => number;
}

/**
 * The list of events: only the rows in sight exist, and only those around them were asked for. It follows what arrives
 * until the reader scrolls or moves in it; from then on it stands still until it is asked to follow again.
 */
export class EventList {
  readonly #host: EventListHost;
  readonly #grid = byId('grid');
  readonly #body = byId('rows');
  readonly #pinned = byId('pinned');
  readonly refresh: () => void;
  #view: RowsView = { from: 0, rows: [], total: 0, events: 0, until: 0, newer: 0 };
  #until: number | undefined;
  #active: number | undefined;

  constructor(host: EventListHost) {
    this.#host = host;
    this.refresh = throttle(REFRESH_MILLIS, () => this.#load());
    this.#grid.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#grid.addEventListener('keydown', event => this.#key(event));
    this.#body.addEventListener('click', event => this.#clicked(event));
    this.#pinned.querySelector('button')?.addEventListener('click', () => this.follow());
    new ResizeObserver(() => this.#draw()).observe(this.#grid);
  }

  get total(): number {
    return this.#view.total;
  }

  /** Shows the newest again, and what comes. */
  follow(): void {
    this.#until = undefined;
    this.#active = undefined;
    this.#grid.scrollTop = 0;
    this.refresh();
  }

  focus(): void {
    this.#grid.focus();
  }

  /** Leaves the row that is chosen. @returns false if none was */
  leave(): boolean {
    if (this.#active === undefined) return false;
    this.#active = undefined;
    if (this.#grid.scrollTop === 0) this.follow();
    else this.#draw();
    return true;
  }

  async #load(): Promise<void> {
    const [first] = this.#inSight();
    const from = Math.max(0, first - Math.floor(WINDOW_ROWS / 3));
    const until = this.#until;
    const view = await fetchRows(this.#host.filter(), { from, count: WINDOW_ROWS, until });
    // Pinned meanwhile: what was asked for would move the rows.
    if (until === this.#until) {
      this.#view = view;
      this.#draw();
    } else this.refresh();
  }

  #draw(): void {
    const { rows, from, total, newer } = this.#view;
    const height = this.#rowHeight();
    this.#body.style.height = `${total * height}px`;
    this.#grid.setAttribute('aria-rowcount', String(total + 1));
    const [first, last] = this.#inSight();
    const drawn: HTMLElement[] = [];
    for (let place = first; place < Math.min(last, total); place++) {
      const row = rows[place - from];
      const element = row ? renderRow(row, place, place === this.#active) : renderPlaceholder(place);
      element.style.transform = `translateY(${place * height}px)`;
      drawn.push(element);
    }
    this.#body.replaceChildren(...drawn);
    if (this.#active === undefined) this.#grid.removeAttribute('aria-activedescendant');
    else this.#grid.setAttribute('aria-activedescendant', `row-${this.#active}`);
    this.#pinned.hidden = this.#until === undefined;
    const button = this.#pinned.querySelector('button');
    const label = newer > 0 ? `↑ Show ${counted(newer, 'newer event')}` : '↑ Follow new events';
    if (button !== null && button.textContent !== label) button.textContent = label;
  }

  #scrolled(): void {
    if (this.#grid.scrollTop > 0) this.#pin();
    else if (this.#active === undefined && this.#until !== undefined) this.follow();
    this.#draw();
    const [first, last] = this.#inSight();
    const { from, rows, total } = this.#view;
    if (first < from || Math.min(last, total) > from + rows.length) this.refresh();
  }

  #pin(): void {
    this.#until ??= this.#view.until || this.#host.latest();
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#grid.clientHeight / this.#rowHeight()) - 2);
    const moves: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      this.#choose((this.#active ?? (move > 0 ? -1 : 0)) + move);
    } else if ((event.key === 'Enter' || event.key === ' ') && this.#active !== undefined) {
      event.preventDefault();
      this.#open(this.#active);
    }
  }

  #choose(wanted: number): void {
    if (this.#view.total === 0) return;
    this.#pin();
    const place = Math.min(Math.max(wanted, 0), this.#view.total - 1);
    this.#active = place;
    const height = this.#rowHeight();
    const visible = this.#grid.clientHeight - this.#headHeight();
    if (place * height < this.#grid.scrollTop) this.#grid.scrollTop = place * height;
    else if ((place + 1) * height > this.#grid.scrollTop + visible) {
      this.#grid.scrollTop = (place + 1) * height - visible;
    }
    this.#draw();
  }

  #clicked(event: Event): void {
    const place = (event.target as Element).closest<HTMLElement>('.row')?.dataset.place;
    if (place === undefined) return;
    this.#choose(Number(place));
    this.#open(Number(place));
  }

  #open(place: number): void {
    const row = this.#view.rows[place - this.#view.from];
    if (row !== undefined) this.#host.open(row);
  }

  /** First row in sight, and the one after the last, with some to spare. */
  #inSight(): [number, number] {
    const height = this.#rowHeight();
    const first = Math.max(0, Math.floor(this.#grid.scrollTop / height) - 4);
    return [first, first + Math.ceil(this.#grid.clientHeight / height) + 8];
  }

  #rowHeight(): number {
    return Number.parseFloat(getComputedStyle(this.#grid).getPropertyValue('--row-height')) || 34;
  }

  #headHeight(): number {
    return this.#grid.querySelector<HTMLElement>('.head')?.offsetHeight ?? 0;
  }
}
