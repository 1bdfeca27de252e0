// SPDX-License-Identifier: Apache-2.0

import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { withDeadline } from '../util/deadline.js';
import type { ConfigSource } from './config-source.js';

const PATIENCE_MILLIS = 30_000;

/** Waiting for the first datafile, without which nothing is sent. */
export class DatafileWait {
  readonly #config: ConfigSource;
  readonly #runtime: Runtime;

  constructor(config: ConfigSource, runtime: Runtime) {
    this.#config = config;
    this.#runtime = runtime;
  }

  /**
   * Says so once where none has come half a minute from now.
   *
   * @returns a function that undoes it
   */
  watch(logger: PackageLogger): () => void {
    if (this.#config.inForce !== undefined) return () => {};
    const timer = this.#runtime.setTimer(() => {
      if (this.#config.current() !== undefined) return;
      logger.alert(
        'OPTIMIZELY_NO_DATAFILE',
        'warn',
        `no datafile after ${PATIENCE_MILLIS / 1_000} seconds, and no event is sent without one: see that the SDK key ` +
          'is right and the CDN can be reached, or call setDatafile()',
      );
    }, PATIENCE_MILLIS);
    return () => timer.clear();
  }

  /**
   * Gives the first one a chance to come, `millis` at most.
   *
   * @returns what is left of them
   */
  async within(millis: number): Promise<number> {
    if (this.#config.current() !== undefined) return millis;
    const startedAt = this.#runtime.monotonic();
    await withDeadline(this.#runtime, millis, () => this.#config.ready(millis));
    return Math.max(0, millis - (this.#runtime.monotonic() - startedAt));
  }
}
