// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from 'opentelemetry-exporter-optimizely/capture';

/** Keeps what it hears; fails the test where it hears in an order that is not promised. */
export class RecordingSettlement implements EventSettlement {
  readonly outcomes: EventOutcome[] = [];
  storedCount = 0;
  /** Of one event, or of many. */
  readonly #count: number;

  constructor(count = 1) {
    this.#count = count;
  }

  stored(): void {
    this.storedCount++;
    if (this.storedCount > this.#count) this.#fail('stored twice');
    if (this.outcomes.length >= this.#count) this.#fail('stored after it was settled');
  }

  settled(outcome: EventOutcome): void {
    this.outcomes.push(outcome);
    if (this.outcomes.length > this.#count) this.#fail(`settled again: ${this.outcomes.join()}`);
  }

  /** Thrown where the test runner sees it: the package bears a settlement that throws. */
  #fail(how: string): void {
    const error = new Error(how);
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** How often each outcome was told. */
export function tallyOf(settlements: readonly RecordingSettlement[]): Partial<Record<EventOutcome, number>> {
  const tally: Partial<Record<EventOutcome, number>> = {};
  for (const { outcomes } of settlements)
    for (const outcome of outcomes) tally[outcome] = (tally[outcome] ?? 0) + 1;
  return tally;
}
