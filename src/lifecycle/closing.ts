// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { withDeadline } from '../util/deadline.js';
import { errorLabel } from '../util/error-label.js';

/** What was opened takes this long at most to close where the limit of a shutdown is over. */
const CLOSING_MILLIS = 100;

/** What a processor has opened and closes at the end, whatever fails or hangs on the way. */
export class Closing {
  readonly #logger: Logger;
  readonly #closers: (() => unknown)[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(...closers: (() => unknown)[]): void {
    this.#closers.push(...closers);
  }

  /** @param remainingMillis a moment is left for it even where nothing remains */
  async run(runtime: Runtime, remainingMillis: number): Promise<void> {
    const closings = this.#closers.map(close => this.#close(close));
    const limit = Math.max(CLOSING_MILLIS, remainingMillis);
    if (!(await withDeadline(runtime, limit, () => Promise.all(closings)))) {
      this.#logger.warn('closing took too long');
    }
  }

  async #close(close: () => unknown): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#logger.warn(`closing failed: ${errorLabel(error)}`);
    }
  }
}
