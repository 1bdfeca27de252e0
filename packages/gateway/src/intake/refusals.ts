// SPDX-License-Identifier: Apache-2.0
import type { Refusal, RefusalReason } from '../model/receipt.js';

/** Messages that one answer names. */
const MAX_MESSAGES = 20;

/** What one request is refused for good, summed up by message. */
export class Refusals {
  readonly #counts = new Map<string, Refusal>();

  add(reason: RefusalReason, message: string, count = 1): void {
    const known = this.#counts.get(`${reason} ${message}`);
    const shown = known !== undefined || this.#counts.size < MAX_MESSAGES ? message : 'others like these';
    const key = `${reason} ${shown}`;
    const before = this.#counts.get(key)?.count ?? 0;
    this.#counts.set(key, { reason, message: shown, count: before + count });
  }

  list(): readonly Refusal[] {
    return [...this.#counts.values()];
  }
}
