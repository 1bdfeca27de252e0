// SPDX-License-Identifier: Apache-2.0
import type { Afterwards } from './afterwards.js';

/** What was left, in members that are set one by one: see `Leftovers`. */
export interface Leftover<T> {
  before?: T | undefined;
}

interface Queued<T> {
  readonly left: T;
  next: Queued<T> | undefined;
}

/**
 * What a call has left undone where the stack had no room for it: it is done once the present call is over.
 *
 * Whoever leaves something can call nothing any more. So it makes an empty object (V8 makes one with members by a call),
 * sets its members, `before` to `latest`, and then `latest` to it; and sets `recovery.isNeeded`.
 */
export class Leftovers<T extends Leftover<T>> {
  latest: T | undefined;
  readonly recovery: Pick<Afterwards, 'isNeeded' | 'request'>;
  #first: Queued<T> | undefined;

  /** @param recovery what calls `doAll()` */
  constructor(recovery: Pick<Afterwards, 'isNeeded' | 'request'>) {
    this.recovery = recovery;
  }

  /**
   * Does it in its order. What the work calls may come here as well: that does what is behind.
   *
   * @param work returns false where there was no room again: it stays, with all that was left later
   * @param failed hears why something can't be done, which is then given up. @default it stays, too
   */
  doAll(work: (left: T) => boolean, failed?: (error: unknown) => void): void {
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#first = next.next;
        let isDone = failed !== undefined;
        try {
          isDone = work(next.left);
        } catch (error) {
          failed?.(error);
        }
        if (isDone) continue;
        // The stack may have ended: without a call.
        next.next = this.#first;
        this.#first = next;
        break;
      }
    } catch {
      // The next call goes on.
    }
    if (this.#first !== undefined) this.recovery.isNeeded = true;
  }

  #next(): Queued<T> | undefined {
    if (this.latest !== undefined) this.#queueLatest();
    return this.#first;
  }

  /** What was left is listed from its end. */
  #queueLatest(): void {
    let added: Queued<T> | undefined;
    for (let left = this.latest; left !== undefined; left = left.before) added = { left, next: added };
    let last = this.#first;
    while (last?.next !== undefined) last = last.next;
    if (last === undefined) this.#first = added;
    else last.next = added;
    this.latest = undefined;
  }
}
