// SPDX-License-Identifier: Apache-2.0

import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { EPISODE_MILLIS } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';

const RETRY_MILLIS = 5_000;

/**
 * From the first failed write to the next good one: one line at each end, and no try between two retries. A disk that
 * fails again and again is told of once a minute.
 */
export class DiskEpisode {
  readonly #directory: string;
  readonly #runtime: Runtime;
  readonly #logger: PackageLogger;
  #failing = false;
  #told = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #missed = 0;
  #retryAt = 0;

  constructor(directory: string, runtime: Runtime, logger: PackageLogger) {
    this.#directory = directory;
    this.#runtime = runtime;
    this.#logger = logger;
  }

  /** The disk failed a moment ago: it is not worth trying. */
  get isResting(): boolean {
    return this.#failing && this.#runtime.monotonic() < this.#retryAt;
  }

  /** The disk failed, and is worth another try. */
  get isDue(): boolean {
    return this.#failing && !this.isResting;
  }

  /** An event was not stored because of it. */
  missed(): void {
    this.#missed++;
  }

  failed(error: unknown): void {
    const now = this.#runtime.monotonic();
    this.#failing = true;
    this.#retryAt = now + RETRY_MILLIS;
    if (this.#told || now - this.#toldAt < EPISODE_MILLIS) return;
    this.#told = true;
    this.#toldAt = now;
    this.#logger.alert(
      'OPTIMIZELY_STORE_UNUSABLE',
      'warn',
      `the event store can't write to ${this.#directory} (${errorLabel(error)}): until it can again, events that are taken all the same are in memory only, and end with the process`,
    );
  }

  succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    if (!this.#told) return;
    this.#logger.info(`the event store can write again; ${this.#missed} events were not stored meanwhile`);
    this.#told = false;
    this.#missed = 0;
  }
}
