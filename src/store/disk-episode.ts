// SPDX-License-Identifier: Apache-2.0
import { errorLabel, type Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';

const RETRY_MILLIS = 5_000;

/** From the first failed write to the next good one: one line at each end, and no try between two retries. */
export class DiskEpisode {
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  #failing = false;
  #missed = 0;
  #retryAt = 0;

  constructor(runtime: Runtime, logger: Logger) {
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /** The disk failed a moment ago: nobody should try it. */
  get isResting(): boolean {
    return this.#failing && this.#runtime.monotonic() < this.#retryAt;
  }

  /** An event was not stored because of it. */
  missed(): void {
    this.#missed++;
  }

  failed(error: unknown): void {
    if (!this.#failing) {
      this.#failing = true;
      this.#logger.warn(
        `the event store can't write (${errorLabel(error)}): events are kept in memory only until it can again`,
      );
    }
    this.#retryAt = this.#runtime.monotonic() + RETRY_MILLIS;
  }

  succeeded(): void {
    if (!this.#failing) return;
    this.#logger.info(`the event store can write again; ${this.#missed} events were not stored meanwhile`);
    this.#failing = false;
    this.#missed = 0;
  }
}
