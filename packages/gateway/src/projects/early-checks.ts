// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import type { ProjectDatafile } from './project-datafile.js';

const PAUSE_MILLIS = 5_000;

/** Asks for the datafile when an event names a key that it does not have, once in five seconds at most. */
export class EarlyChecks {
  readonly #datafile: ProjectDatafile;
  readonly #runtime: Runtime;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #timer: { clear(): void } | undefined;
  #isStopped = false;

  constructor(datafile: ProjectDatafile, runtime: Runtime) {
    this.#datafile = datafile;
    this.#runtime = runtime;
  }

  /** Whether the latest of these looks ended badly. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Begins a look at the datafile now, or as soon as the pause is over. */
  ask(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    const wait = this.#askedAt + PAUSE_MILLIS - this.#runtime.monotonic();
    if (wait <= 0) this.#check();
    else this.#timer = this.#runtime.setTimer(() => this.#check(), wait);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.clear();
  }

  #check(): void {
    this.#timer = undefined;
    this.#askedAt = this.#runtime.monotonic();
    void this.#datafile.checkNow().then(isGood => {
      this.#isFailing = !isGood;
    });
  }
}
