// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from '../model/event-settlement.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { Seam } from './guard.js';
import { memberOf } from './own-members.js';

/** Around a settlement of the application's, of one event: whatever happens on the way, it hears of the event once. */
export class SettleOnce implements EventSettlement {
  readonly #settlement: EventSettlement;
  readonly #seam: Seam;
  #isStored = false;
  #isSettled = false;

  constructor(settlement: EventSettlement, seam: Seam) {
    this.#settlement = settlement;
    this.#seam = seam;
  }

  stored(): void {
    if (this.#isStored || this.#isSettled) return;
    this.#isStored = true;
    this.#seam.call('stored', undefined, () => memberOf(this.#settlement, 'stored')?.call(this.#settlement));
  }

  settled(outcome: EventOutcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    try {
      const returned: unknown = this.#settlement.settled(outcome);
      if (returned !== undefined) this.#seam.watch('settled', returned);
    } catch (error) {
      this.#seam.failed('settled', error);
    }
  }
}

/** @returns undefined if no settlement of the event is awaited */
export function settleOnce(
  event: SerializedEvent | undefined,
  seam: Seam,
  settlement = event?.settlement,
): SettleOnce | undefined {
  return settlement === undefined ? undefined : new SettleOnce(settlement, seam);
}
