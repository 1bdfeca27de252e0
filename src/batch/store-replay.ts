// SPDX-License-Identifier: Apache-2.0
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import type { StoreTracker } from './store-tracker.js';

/** Events of one page: little beside live traffic. */
const PAGE_EVENTS = 200;
/** The first page waits up to this long, so that a fleet that comes back together does not replay together. */
const FIRST_PAUSE_MILLIS = 1_000;
/** The following ones leave live traffic its turn, and empty the store faster than a service fills it. */
const PAUSE_MILLIS = 10;

export interface StoreReplayDependencies {
  readonly storeTracker: StoreTracker;
  readonly runtime: Runtime;
  readonly maxPageBytes: number;
  /** Whether events can be taken now: started, not stopped, a datafile in force, memory to spare. */
  readonly isReady: () => boolean;
  readonly take: (event: StoredEvent, ticket: StoreTicket, acceptedAt: number) => void;
  /** A page is complete: send it. */
  readonly close: () => void;
}

/** Brings events that are on disk only back into memory, in pages, behind live traffic. */
export class StoreReplay {
  readonly #deps: StoreReplayDependencies;
  #timer: RuntimeTimer | undefined;
  #reading: Promise<number> | undefined;
  #stopped = false;
  #first = true;

  constructor(dependencies: StoreReplayDependencies) {
    this.#deps = dependencies;
    dependencies.storeTracker.onAvailable(() => {
      this.#first = true;
      this.nudge();
    });
  }

  /** Something may be possible now that was not before. */
  nudge(): void {
    const { storeTracker, runtime, isReady } = this.#deps;
    if (this.#stopped || this.#timer !== undefined || this.#reading !== undefined) return;
    if (storeTracker.storedCount === 0 || !isReady()) return;
    const pause = this.#first ? FIRST_PAUSE_MILLIS : PAUSE_MILLIS;
    this.#timer = runtime.setTimer(() => {
      this.#timer = undefined;
      if (!isReady()) return;
      void this.takePage().then(() => this.nudge());
    }, runtime.random() * pause);
  }

  /** Takes one page now. @returns how many events it had */
  takePage(): Promise<number> {
    this.#reading ??= this.#takePage().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    this.#timer = undefined;
    await this.#reading;
  }

  async #takePage(): Promise<number> {
    const { storeTracker, maxPageBytes, take, close } = this.#deps;
    const count = await storeTracker.read({ maxEvents: PAGE_EVENTS, maxBytes: maxPageBytes }, take);
    // Nothing, though something is there: the disk can't be read just now. Known before the page is sent: what is
    // delivered at once asks for the next one.
    this.#first = count === 0;
    close();
    return count;
  }
}
