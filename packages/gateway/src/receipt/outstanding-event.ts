// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome, EventSettlement } from 'opentelemetry-exporter-optimizely/capture';
import type { AckMode } from '../model/gateway-config.js';
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

/** An event that was handed to the exporter, and the receipts that wait for it: of its request, and of repeats. */
export class OutstandingEvent implements EventSettlement {
  readonly key: string;
  readonly byteLength: number;
  readonly contextBytes: number;
  readonly sender: string;
  readonly #ack: AckMode;
  readonly #onSettled: (event: OutstandingEvent, verdict: Verdict) => void;
  #waiting: OwedReceipt[] = [];
  #isDurable = false;

  /** @param onSettled called once, when the exporter has said what became of it */
  constructor(
    identity: OutstandingIdentity,
    ack: AckMode,
    onSettled: (event: OutstandingEvent, verdict: Verdict) => void,
  ) {
    this.key = identity.key;
    this.byteLength = identity.byteLength;
    this.contextBytes = identity.contextBytes;
    this.sender = identity.sender;
    this.#ack = ack;
    this.#onSettled = onSettled;
  }

  join(receipt: OwedReceipt): void {
    if (this.#isDurable) return;
    receipt.expect();
    this.#waiting.push(receipt);
  }

  /** The event store has it now. */
  stored(): void {
    if (this.#ack !== 'stored') return;
    this.#isDurable = true;
    this.#tell(TAKEN);
  }

  settled(outcome: EventOutcome): void {
    const verdict = verdictOf(outcome, this.#ack);
    // First: a sender that repeats at once finds it settled.
    this.#onSettled(this, verdict);
    this.#tell(verdict);
  }

  #tell(verdict: Verdict): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const receipt of waiting) receipt.tell(verdict);
  }
}
