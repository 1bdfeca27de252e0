// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from 'opentelemetry-exporter-optimizely/capture';
import type { ReceiptMode } from '../model/gateway-config.js';
import type { OwedReceipt } from './owed-receipt.js';
import { type Verdict, verdictOf } from './verdict.js';

const TAKEN: Verdict = { kind: 'taken' };

export interface OutstandingIdentity {
  readonly key: string;
  readonly byteLength: number;
  /** What it holds in memory besides. */
  readonly contextBytes: number;
  readonly sender: string;
}

/** What all events of one project have in common. */
export interface OutstandingOwner {
  readonly ack: ReceiptMode;
  /** Called once for each, when the exporter has said what became of it. */
  end(event: OutstandingEvent, verdict: Verdict): void;
}

/** An event that was handed to the exporter, and the receipts that wait for it: of its request, and of repeats. */
export class OutstandingEvent implements EventSettlement {
  readonly key: string;
  readonly byteLength: number;
  readonly contextBytes: number;
  readonly sender: string;
  readonly #owner: OutstandingOwner;
  /** One of its request is the rule. A list for it alone would take more memory than all else here. */
  #receipt: OwedReceipt | undefined;
  #repeats: OwedReceipt[] | undefined;
  #isDurable = false;

  constructor({ key, byteLength, contextBytes, sender }: OutstandingIdentity, owner: OutstandingOwner) {
    this.key = key;
    this.byteLength = byteLength;
    this.contextBytes = contextBytes;
    this.sender = sender;
    this.#owner = owner;
  }

  join(receipt: OwedReceipt): void {
    if (this.#isDurable) return;
    receipt.expect();
    if (this.#receipt === undefined) this.#receipt = receipt;
    else if (this.#repeats === undefined) this.#repeats = [receipt];
    else this.#repeats.push(receipt);
  }

  /** The event store has it now. */
  stored(): void {
    if (this.#owner.ack !== 'stored') return;
    this.#isDurable = true;
    this.#tell(TAKEN);
  }

  settled(outcome: EventOutcome): void {
    const verdict = verdictOf(outcome, this.#owner.ack);
    // First: a sender that repeats at once finds it settled.
    this.#owner.end(this, verdict);
    this.#tell(verdict);
  }

  #tell(verdict: Verdict): void {
    const receipt = this.#receipt;
    const repeats = this.#repeats;
    this.#receipt = undefined;
    this.#repeats = undefined;
    receipt?.tell(verdict);
    for (const repeat of repeats ?? []) repeat.tell(verdict);
  }
}
