// SPDX-License-Identifier: Apache-2.0

/** Says each kind of thing once. */
export class OnceLog {
  readonly #said = new Set<string>();

  first(kind: string): boolean {
    if (this.#said.has(kind)) return false;
    this.#said.add(kind);
    return true;
  }
}

/** So long without a kind of thing ends an episode of it: the next one is worth a line again. */
export const EPISODE_MILLIS = 60_000;

/** What lasts for so long is said again: the log that has its first line may be rotated away. */
export const REMINDER_MILLIS = 3_600_000;

/** Says each kind of thing once an episode. */
export class EpisodeLog {
  readonly #lastAt = new Map<string, number>();

  /** @param now milliseconds of a monotonic clock */
  first(kind: string, now: number): boolean {
    const lastAt = this.#lastAt.get(kind);
    this.#lastAt.set(kind, now);
    return lastAt === undefined || now - lastAt >= EPISODE_MILLIS;
  }
}
