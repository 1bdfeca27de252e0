// SPDX-License-Identifier: Apache-2.0
import { effect, signal, untracked } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Filter, Overview, Row, Tick } from '../../view/types.js';
import { type ListFilter, NO_FILTER } from './address.js';
import { clear, fetchOverview } from './api.js';
import { Connection } from './connection.js';
import { EventListState } from './event-list.js';
import { Navigation } from './navigation.js';
import { Throttled } from './throttle.js';
import { keyOf } from './view-changes.js';

const OVERVIEW_MILLIS = 400;

/** Since when the page stands still, and how many events there were. */
export interface Pause {
  readonly since: number;
  readonly events: number;
}

/** All that the page knows, and what a reader can do. */
export class Store {
  readonly navigation = new Navigation();
  readonly connection = new Connection();
  readonly list = new EventListState(this.navigation.address);
  readonly overview = signal<Overview | undefined>(undefined);
  readonly paused = signal<Pause | undefined>(undefined);
  readonly #look = new Throttled(OVERVIEW_MILLIS, async () => {
    const overview = await fetchOverview();
    if (this.paused.peek() === undefined) this.overview.value = overview;
  });

  start(): void {
    effect(() => {
      if (this.connection.tick.value !== undefined && this.paused.value === undefined) this.refresh();
    });
    effect(() => {
      if (this.connection.restartedAt.value !== undefined) untracked(() => this.#startAnew());
    });
    this.refresh();
    this.connection.start();
  }

  refresh(): void {
    this.list.refresh();
    this.#look.ask();
  }

  /** Everything on the page stands still until it goes on. */
  pause(): void {
    const { tick } = this.connection;
    this.list.pause();
    this.paused.value = { since: Date.now(), events: arrived(tick.peek()) };
  }

  goOn(): void {
    this.paused.value = undefined;
    this.list.goOn();
  }

  /** How many events have come since the page was paused. */
  get missed(): number {
    const pause = this.paused.value;
    return pause === undefined ? 0 : Math.max(0, arrived(this.connection.tick.value) - pause.events);
  }

  open(row: Row): void {
    this.navigation.go({ open: keyOf(row), timeline: '' });
  }

  openVisitor(visitorId: string): void {
    this.navigation.go({ timeline: visitorId, open: '' });
  }

  /** @returns false if nothing was open */
  close(): boolean {
    const { open, timeline } = this.navigation.address.peek();
    if (open === '' && timeline === '') return false;
    this.navigation.go({ open: '', timeline: '' });
    return true;
  }

  /** Shows these events alone. */
  showOnly(filter: Filter): void {
    this.navigation.go({
      ...NO_FILTER,
      ...(filter as Partial<ListFilter>),
      view: 'events',
      open: '',
      timeline: '',
    });
    focusList();
  }

  async clear(): Promise<void> {
    await clear();
    this.#startAnew();
  }

  /** What was open is gone, and another run of the inspector counts its batches from one again. */
  #startAnew(): void {
    this.close();
    this.goOn();
    this.list.follow();
  }
}

/** Once it is there: a narrow window shows it only now. */
function focusList(): void {
  requestAnimationFrame(() => document.getElementById('grid')?.focus());
}

function arrived(tick: Tick | undefined): number {
  return tick === undefined ? 0 : tick.events + tick.droppedEvents;
}

const Context = createContext<Store | undefined>(undefined);

export const StoreProvider = Context.Provider;

export function useStore(): Store {
  const store = useContext(Context);
  if (store === undefined) throw new Error('outside of the page');
  return store;
}
