// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from 'opentelemetry-exporter-optimizely/capture';
import type { RefusalReason } from '../model/receipt.js';
import type { Settled } from './owed-receipt.js';
import { verdictOf } from './verdict.js';

/**
 * Waits until nothing is left to be done for any event of a message of a stream. One for all of them, and nothing is
 * remembered of an event: a message is delivered again until it is acknowledged, and Optimizely knows repeats.
 */
export class MessageReceipt implements EventSettlement {
  readonly answer: Promise<Settled>;
  readonly #ended: (isLast: boolean) => void;
  readonly #refused = new Map<RefusalReason, number>();
  #answerWith: (settled: Settled) => void = () => {};
  #open: number;

  /**
   * @param count of its events
   * @param ended called once for each
   */
  constructor(count: number, ended: (isLast: boolean) => void) {
    this.#open = count;
    this.#ended = ended;
    this.answer = new Promise(resolve => {
      this.#answerWith = resolve;
    });
    if (count === 0) this.#answerWith({ status: 'taken', refused: this.#refused, streamed: 0 });
  }

  settled(outcome: EventOutcome): void {
    const verdict = verdictOf(outcome, 'settled');
    this.#open--;
    this.#ended(this.#open === 0);
    if (verdict.kind === 'later') this.#answerWith({ status: 'later', reason: verdict.reason });
    else if (verdict.kind === 'refused')
      this.#refused.set(verdict.reason, (this.#refused.get(verdict.reason) ?? 0) + 1);
    if (this.#open === 0) this.#answerWith({ status: 'taken', refused: this.#refused, streamed: 0 });
  }
}
