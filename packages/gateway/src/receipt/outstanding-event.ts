// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from 'opentelemetry-exporter-optimizely/capture';
import type { ReceiptMode } from '../model/gateway-config.js';
import type { OwedReceipt } from './owed-receipt.js';
import { TAKEN, type Verdict, verdictOf } from './verdict.js';

/** What all events of one request for one project have in common. */
export interface OutstandingOwner {
  readonly ack: ReceiptMode;
  /** Of the request. */
  readonly receipt: OwedReceipt;
  /** Called once for each event, before it is handed to the exporter. */
  begin(event: OutstandingEvent): void;
  /** Called once for each event, when the exporter has said what became of it. */
  end(event: OutstandingEvent): void;
}

/**
 * An event that was handed to the exporter, and the receipts that wait for it: of its request, and of repeats. It is all
 * that is kept of an event that was delivered, to answer its repeats.
 */
export class OutstandingEvent implements EventSettlement {
  readonly byteLength: number;
  /** What it holds in memory besides. */
  readonly contextBytes: number;
  /** Undefined once it is settled: thousands are remembered, and their requests need not be. */
  #owner: OutstandingOwner | undefined;
  #repeats: OwedReceipt[] | undefined;
  #isDurable = false;
  #verdict: Verdict | undefined;

  constructor(byteLength: number, contextBytes: number, owner: OutstandingOwner) {
    this.byteLength = byteLength;
    this.contextBytes = contextBytes;
    this.#owner = owner;
    owner.receipt.expect(1);
    owner.begin(this);
  }

  /** What became of it; undefined while it is outstanding. */
  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** The receipt of a repeat waits for it, too. */
  join(receipt: OwedReceipt): void {
    receipt.expect(1);
    if (this.#verdict !== undefined) receipt.tell(this.#verdict);
    else if (this.#isDurable) receipt.tell(TAKEN);
    else if (this.#repeats === undefined) this.#repeats = [receipt];
    else this.#repeats.push(receipt);
  }

  /** The event store has it now. */
  stored(): void {
    const owner = this.#owner;
    if (owner?.ack !== 'stored') return;
    this.#isDurable = true;
    this.#tell(owner.receipt, TAKEN);
  }

  settled(outcome: EventOutcome): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    const verdict = verdictOf(outcome, owner.ack);
    // First: a sender that repeats at once finds it settled.
    this.#verdict = verdict;
    this.#owner = undefined;
    owner.end(this);
    if (!this.#isDurable) this.#tell(owner.receipt, verdict);
  }

  #tell(receipt: OwedReceipt, verdict: Verdict): void {
    receipt.tell(verdict);
    if (this.#repeats === undefined) return;
    const repeats = this.#repeats;
    this.#repeats = undefined;
    for (const repeat of repeats) repeat.tell(verdict);
  }
}
