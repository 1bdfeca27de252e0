// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { Runtime } from '../model/runtime.js';

/** An episode ends when there was no refusal of its kind for so long. */
const QUIET_MILLIS = 60_000;
/** Told apart at a time: senders choose keys, and each may make a kind of its own. */
const MAX_KINDS = 100;
const OTHERS = 'refusals of other kinds';

interface Episode {
  count: number;
  /** When the latest refusal was. */
  latest: number;
  readonly began: number;
}

export interface RefusalDetails {
  /** Refusals that are noted together. @default 1 */
  readonly count?: number;
  /** @default 'warn' */
  readonly level?: 'warn' | 'info';
}

/** Logs refusals of one kind once when they begin, and their number once they have ended. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #runtime: Runtime;
  readonly #episodes = new Map<string, Episode>();

  constructor(logger: Logger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  /**
   * @param kind what is counted together
   * @param message what is logged for the first of an episode
   */
  note(kind: string, message: string, { count = 1, level = 'warn' }: RefusalDetails = {}): void {
    const now = this.#runtime.monotonic();
    const episode = this.#episodes.get(kind);
    if (episode !== undefined) {
      episode.count += count;
      episode.latest = now;
    } else if (this.#episodes.size >= MAX_KINDS && kind !== OTHERS) {
      this.note(OTHERS, `${OTHERS}: more than ${MAX_KINDS} kinds came within a minute`, { count });
    } else {
      this.#logger[level](message);
      this.#episodes.set(kind, { count, latest: now, began: now });
      this.#arm(kind, QUIET_MILLIS);
    }
  }

  #arm(kind: string, millis: number): void {
    this.#runtime.setTimer(() => this.#look(kind), millis);
  }

  #look(kind: string): void {
    const episode = this.#episodes.get(kind);
    if (episode === undefined) return;
    const quiet = this.#runtime.monotonic() - episode.latest;
    if (quiet < QUIET_MILLIS) {
      this.#arm(kind, QUIET_MILLIS - quiet);
      return;
    }
    this.#episodes.delete(kind);
    if (episode.count === 1) return;
    const seconds = Math.round((episode.latest - episode.began) / 1_000);
    this.#logger.info(`${kind}: ${episode.count} in ${seconds} s, none in the last minute`);
  }
}
