// SPDX-License-Identifier: Apache-2.0
import type { ImpressionEvent } from '../model/experiment-event.js';
import { RecentKeys, type RecentKeysOptions } from '../model/recent-keys.js';
import type { Runtime } from '../model/runtime.js';

/** One impression per visitor, rule and variation a window. */
export class ImpressionDedupe {
  readonly #recent: RecentKeys;
  readonly #runtime: Runtime;

  constructor(options: RecentKeysOptions, runtime: Runtime) {
    this.#recent = new RecentKeys(options);
    this.#runtime = runtime;
  }

  /** Whether it is the first of its window. */
  isFirst(impression: ImpressionEvent): boolean {
    return this.#recent.add(keyOf(impression), this.#runtime.monotonic());
  }

  /** It was refused after all: the next one is the first. */
  forget(impression: ImpressionEvent): void {
    this.#recent.delete(keyOf(impression));
  }
}

/** A rule key may repeat across flags, and ids stand in for keys that are not given. */
function keyOf(event: ImpressionEvent): string {
  return JSON.stringify([
    event.userId,
    event.flagKey,
    event.ruleKey,
    event.variationKey,
    event.experimentId,
    event.campaignId,
    event.variationId,
  ]);
}
