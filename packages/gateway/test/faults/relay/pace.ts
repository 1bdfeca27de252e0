// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MILLIS = 20;

/** Spreads the events of a run over its faults: no more a second than said, and no more than there were faults for. */
export class Pace {
  readonly #eventsPerSecond: number;
  readonly #signal: AbortSignal;
  #next = performance.now();
  #begun = 0;
  /** Events that may be sent by now. */
  allowance = 0;

  constructor(eventsPerSecond: number, signal: AbortSignal) {
    this.#eventsPerSecond = eventsPerSecond;
    this.#signal = signal;
  }

  /** Resolves when it is their turn, or the run is over. */
  readonly wait = async (events: number): Promise<void> => {
    this.#begun += events;
    const upTo = this.#begun;
    while (upTo > this.allowance && !this.#signal.aborted) await pause(POLL_MILLIS);
    // What was held up need not be made up for.
    const turn = Math.max(this.#next, performance.now());
    this.#next = turn + (events * 1_000) / this.#eventsPerSecond;
    await pause(turn - performance.now(), undefined, { signal: this.#signal }).catch(() => {});
  };
}
