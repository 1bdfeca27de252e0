// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { EPISODE_MILLIS, REMINDER_MILLIS } from '../util/episode-log.js';
import { DROP_ADVICE } from './drop-advice.js';

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
  /** When a line last said how many, and how many it said. */
  saidAt: number;
  said: number;
  timer: RuntimeTimer | undefined;
}

/** Logs one line per reason and episode, not one per dropped event. */
export class DropLog {
  readonly #logger: PackageLogger;
  readonly #runtime: Runtime;
  readonly #episodes = new Map<DropReason, Episode>();
  #lostAtShutdown = 0;
  #ended = false;

  constructor(logger: PackageLogger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  dropped(reason: DropReason, count: number): void {
    // They come batch by batch, at once: the first one's count would be taken for all.
    if (reason === 'shutdown_timeout' && !this.#ended) {
      this.#lostAtShutdown += count;
      return;
    }
    const now = this.#runtime.monotonic();
    const episode = this.#episodes.get(reason);
    if (episode !== undefined && now - episode.lastAt < EPISODE_MILLIS) {
      episode.lastAt = now;
      episode.count += count;
      if (now - episode.saidAt >= REMINDER_MILLIS) {
        this.#say(
          reason,
          `experiment events are still dropped (${reason}): ${episode.count - episode.said} more`,
        );
        episode.saidAt = now;
        episode.said = episode.count;
      }
      return;
    }
    const begun: Episode = { lastAt: now, count, saidAt: now, said: count, timer: undefined };
    this.#episodes.set(reason, begun);
    this.#say(reason, `experiment events are dropped (${reason}): ${count} so far; ${DROP_ADVICE[reason]}`);
    if (LASTING.includes(reason)) this.#watch(reason, begun, EPISODE_MILLIS);
  }

  /** Says what the episodes that go on have cost so far, and what the shutdown has cost. */
  end(): void {
    this.#ended = true;
    const lost = this.#lostAtShutdown;
    if (lost > 0) {
      const advice = DROP_ADVICE.shutdown_timeout;
      this.#say('shutdown_timeout', `experiment events were dropped (shutdown_timeout): ${lost}; ${advice}`);
    }
    this.#lostAtShutdown = 0;
    for (const [reason, episode] of this.#episodes) {
      if (episode.timer === undefined) continue;
      episode.timer.clear();
      this.#conclude(reason, episode);
    }
    this.#episodes.clear();
  }

  #say(reason: DropReason, line: string): void {
    if (INTENDED.includes(reason)) this.#logger.debug(line);
    else this.#logger.alert('OPTIMIZELY_EVENTS_DROPPED', 'warn', line);
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
    this.#logger.warn(`experiment events are no longer dropped (${reason}): ${episode.count} were lost`);
  }
}
