// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { EPISODE_MILLIS } from '../util/episode-log.js';

/** Dropped by choice of the application or the project: nothing to warn about. */
const INTENDED: readonly DropReason[] = [
  'flag_decisions_off',
  'no_experiment',
  'before_send',
  'deduplicated',
];

/** Losses that continue until something is repaired. Their end, and what they cost, is worth a line. */
const LASTING: readonly DropReason[] = ['queue_full', 'store_full'];

interface Episode {
  lastAt: number;
  count: number;
  timer?: RuntimeTimer | undefined;
}

/** Logs one line per reason and episode, not one per dropped event. */
export class DropLog {
  readonly #logger: PackageLogger;
  readonly #runtime: Runtime;
  readonly #episodes = new Map<DropReason, Episode>();

  constructor(logger: PackageLogger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  dropped(reason: DropReason, count: number): void {
    const now = this.#runtime.monotonic();
    const episode = this.#episodes.get(reason);
    if (episode !== undefined && now - episode.lastAt < EPISODE_MILLIS) {
      episode.lastAt = now;
      episode.count += count;
      return;
    }
    const begun: Episode = { lastAt: now, count };
    this.#episodes.set(reason, begun);
    const line = `dropping events, reason ${reason}: ${count}`;
    if (INTENDED.includes(reason)) this.#logger.debug(line);
    else this.#logger.alert('OPTIMIZELY_EVENTS_DROPPED', 'warn', line);
    if (LASTING.includes(reason)) this.#watch(reason, begun, EPISODE_MILLIS);
  }

  /** Says what the episodes that go on have cost so far. */
  end(): void {
    for (const [reason, episode] of this.#episodes) {
      if (episode.timer === undefined) continue;
      episode.timer.clear();
      this.#conclude(reason, episode);
    }
    this.#episodes.clear();
  }

  #watch(reason: DropReason, episode: Episode, millis: number): void {
    episode.timer = this.#runtime.setTimer(() => {
      const remaining = episode.lastAt + EPISODE_MILLIS - this.#runtime.monotonic();
      if (remaining > 0) this.#watch(reason, episode, remaining);
      else this.#conclude(reason, episode);
    }, millis);
  }

  #conclude(reason: DropReason, episode: Episode): void {
    episode.timer = undefined;
    this.#logger.warn(`no longer dropping events, reason ${reason}: ${episode.count} were lost`);
  }
}
