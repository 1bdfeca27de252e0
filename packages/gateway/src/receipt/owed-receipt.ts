// SPDX-License-Identifier: Apache-2.0
import type { LaterReason, RefusalReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import type { Verdict } from './verdict.js';

/** What became of all events that one request has for one project. */
export type Settled =
  | {
      readonly status: 'taken';
      readonly refused: ReadonlyMap<RefusalReason, number>;
      /** Events that a stream has. */
      readonly streamed: number;
    }
  | { readonly status: 'later'; readonly reason: LaterReason };

/** Waits until each of the events is taken or refused, or one of them is not to be had now, or the time is over. */
export class OwedReceipt {
  readonly settled: Promise<Settled>;
  readonly #runtime: Runtime;
  readonly #refused = new Map<RefusalReason, number>();
  #resolve: (settled: Settled) => void = () => {};
  #endTimer: (() => void) | undefined;
  #isSettled = false;
  #open = 0;
  #streamed = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.settled = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  /** So many events more are to be waited for. */
  expect(count: number): void {
    this.#open += count;
  }

  /** What became of an event that was expected. */
  tell(verdict: Verdict): void {
    if (verdict.kind === 'later') {
      this.#settle({ status: 'later', reason: verdict.reason });
      return;
    }
    if (verdict.kind === 'streamed') this.#streamed++;
    if (verdict.kind === 'refused') {
      this.#refused.set(verdict.reason, (this.#refused.get(verdict.reason) ?? 0) + 1);
    }
    this.#open--;
    if (this.#endTimer !== undefined) this.#settleIfDone();
  }

  /** All events are expected: from now on it waits. */
  begin(timeoutMillis: number): void {
    this.#settleIfDone();
    if (this.#isSettled) return;
    const timer = this.#runtime.setTimer(
      () => this.#settle({ status: 'later', reason: 'not_delivered_in_time' }),
      timeoutMillis,
    );
    this.#endTimer = () => timer.clear();
  }

  #settleIfDone(): void {
    if (this.#open > 0) return;
    this.#settle({ status: 'taken', refused: this.#refused, streamed: this.#streamed });
  }

  #settle(settled: Settled): void {
    this.#isSettled = true;
    this.#endTimer?.();
    this.#resolve(settled);
  }
}
