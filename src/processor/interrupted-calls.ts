// SPDX-License-Identifier: Apache-2.0
import type { EventSettlement } from '../model/event-settlement.js';
import type { EventCount } from '../model/installed-processor.js';
import type { Afterwards } from '../util/afterwards.js';
import { isStackOverflow, type Seam } from '../util/guard.js';
import { type Leftover, Leftovers } from '../util/leftovers.js';

export interface Unsettled extends Leftover<Unsettled> {
  settlement?: EventSettlement | undefined;
}

/** Makes up for calls that ended because the stack did: has the rest repaired, and tells those who wait for an event. */
export class InterruptedCalls implements EventCount {
  readonly ledger: EventCount['ledger'];
  readonly recovery: Afterwards;
  /** Of events that it has cost. */
  readonly unsettled: Leftovers<Unsettled>;
  readonly #settlements: Seam;

  /** @param settlements calls those of the application */
  constructor(ledger: EventCount['ledger'], recovery: Afterwards, settlements: Seam) {
    this.ledger = ledger;
    this.recovery = recovery;
    this.unsettled = new Leftovers(recovery);
    this.#settlements = settlements;
    recovery.also(() => this.#settle());
  }

  /** @throws RangeError where the stack has no room for it: the next call makes up for it */
  makeUp(error: unknown): void {
    this.recovery.request();
    // At the end of the stack it would not be heard.
    if (!isStackOverflow(error)) this.#settle();
  }

  #settle(): void {
    this.unsettled.doAll(({ settlement }) => {
      this.#settlements.call('settled', undefined, () => settlement?.settled('interrupted'));
      return true;
    });
  }
}
