// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { Runtime } from '../model/runtime.js';

/** An episode ends when there was no refusal of its kind for so long. */
const QUIET_MILLIS = 60_000;

interface Episode {
  count: number;
  /** When the latest refusal was. */
  latest: number;
  readonly began: number;
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
   * @param kind one of few: it is kept
   * @param message what is logged for the first of an episode
   */
  note(kind: string, message: string): void {
    const now = this.#runtime.monotonic();
    const episode = this.#episodes.get(kind);
    if (episode !== undefined) {
      episode.count++;
      episode.latest = now;
      return;
    }
    this.#logger.warn(message);
    this.#episodes.set(kind, { count: 1, latest: now, began: now });
    this.#arm(kind, QUIET_MILLIS);
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
