// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';

/** So long without a drop ends an episode; the next drop of the reason is a line again. */
const EPISODE_MILLIS = 60_000;

/** Dropped because somebody said so: nothing to warn about. */
const INTENDED: readonly DropReason[] = ['flag_decisions_off', 'before_send', 'deduplicated'];

interface Episode {
  lastAt: number;
  unsaid: number;
}

/** One line a reason an episode, not one a dropped event. */
export class DropLog {
  readonly #logger: Logger;
  readonly #runtime: Runtime;
  readonly #episodes = new Map<DropReason, Episode>();

  constructor(logger: Logger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  dropped(reason: DropReason, count: number): void {
    const now = this.#runtime.monotonic();
    const episode = this.#episodes.get(reason);
    if (episode !== undefined && now - episode.lastAt < EPISODE_MILLIS) {
      episode.lastAt = now;
      episode.unsaid += count;
      return;
    }
    const before = episode?.unsaid ? ` (and ${episode.unsaid} more since this was last said)` : '';
    this.#episodes.set(reason, { lastAt: now, unsaid: 0 });
    const level = INTENDED.includes(reason) ? 'debug' : 'warn';
    this.#logger[level](`dropping events, reason ${reason}: ${count}${before}`);
  }
}
