// SPDX-License-Identifier: Apache-2.0
import type { ReceiptMode } from '../model/gateway-config.js';
import type { FullReason, LaterReason } from '../model/receipt.js';
import { KnownEvents } from './known-events.js';
import type { OutstandingEvent, OutstandingOwner } from './outstanding-event.js';
import type { OwedReceipt } from './owed-receipt.js';

/** So that a request is refused before it is read, and not after. */
const FULL_SHARE = 0.95;

export interface AdmissionLimits {
  /** Events that may be outstanding. */
  readonly maxEvents: number;
  /** Bytes of payload that may be. */
  readonly maxBytes: number;
  /** Share of either that one sender may hold while others hold some. */
  readonly maxSenderShare: number;
}

interface Held {
  events: number;
  bytes: number;
  /** Besides the events themselves. */
  contextBytes: number;
}

/** What a request would add. */
export type Wanted = Readonly<Held>;

const ONE_EVENT: Wanted = { events: 1, bytes: 0, contextBytes: 0 };

/** The events of one project that the exporter has and has not settled: how many, whose, and whether there is room. */
export class OutstandingEvents {
  /** Those, and what became of the latest others. */
  readonly known = new KnownEvents();
  readonly #limits: AdmissionLimits;
  readonly #ack: ReceiptMode;
  readonly #total: Held = { events: 0, bytes: 0, contextBytes: 0 };
  readonly #bySender = new Map<string, Held>();

  constructor(limits: AdmissionLimits, ack: ReceiptMode) {
    this.#limits = limits;
    this.#ack = ack;
  }

  get count(): number {
    return this.#total.events;
  }

  get byteLength(): number {
    return this.#total.bytes;
  }

  /** @returns undefined if there is room for a request of usual size of this sender */
  whyFull(sender: string): FullReason | undefined {
    if (this.#holdsMost(this.#total, 1)) return 'queue_full';
    const own = this.#bySender.get(sender);
    if (own === undefined || own.events === this.#total.events) return undefined;
    return this.#holdsMost(own, this.#limits.maxSenderShare) ? 'sender_share' : undefined;
  }

  #holdsMost({ events, bytes }: Held, share: number): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    return events >= maxEvents * share * FULL_SHARE || bytes >= maxBytes * share * FULL_SHARE;
  }

  /** Whether there would be no room for so much if nothing else were outstanding. */
  isTooLarge({ events, bytes, contextBytes }: Wanted): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    return events > maxEvents || bytes > maxBytes || this.isTooLargeForContexts(contextBytes);
  }

  /** The same of what events hold besides themselves, of which there is no more room where there is a store. */
  isTooLargeForContexts(contextBytes: number): boolean {
    return contextBytes > this.#limits.maxBytes;
  }

  /** @returns undefined if there is room for so much more of this sender */
  whyNoRoom(sender: string, { events, bytes, contextBytes }: Wanted): LaterReason | undefined {
    const { maxEvents, maxBytes, maxSenderShare } = this.#limits;
    const total = this.#total;
    if (total.events + events > maxEvents || total.bytes + bytes > maxBytes) return 'queue_full';
    if (this.hasNoRoomForContexts(contextBytes)) return 'queue_full';
    const own = this.#bySender.get(sender);
    // A request that is above the share by itself has its turn, too.
    if (own === undefined || own.events === total.events) return undefined;
    const isAbove =
      own.events + events > maxEvents * maxSenderShare ||
      own.bytes + bytes > maxBytes * maxSenderShare ||
      own.contextBytes + contextBytes > maxBytes * maxSenderShare;
    return isAbove ? 'sender_share' : undefined;
  }

  /** What events hold besides themselves is in memory, even where they are in the store. */
  hasNoRoomForContexts(contextBytes: number): boolean {
    return contextBytes > 0 && this.#total.contextBytes + contextBytes > this.#limits.maxBytes;
  }

  /** @returns what counts the events of one request as outstanding until the exporter settles them */
  begin(sender: string, receipt: OwedReceipt): OutstandingOwner {
    const own = this.#bySender.get(sender) ?? { events: 0, bytes: 0, contextBytes: 0 };
    return {
      ack: this.#ack,
      receipt,
      begin: event => {
        if (own.events === 0) this.#bySender.set(sender, own);
        count(this.#total, event, 1);
        count(own, event, 1);
      },
      end: event => {
        count(this.#total, event, -1);
        count(own, event, -1);
        if (own.events === 0) this.#bySender.delete(sender);
      },
    };
  }

  /**
   * Counts all events of a message as outstanding, if there is room.
   *
   * @returns what is to be called once for each event that is settled; the message holds its bytes until the last one is
   */
  hold(sender: string, message: Wanted): ((isLast: boolean) => void) | LaterReason | 'too_large' {
    if (this.isTooLarge(message)) return 'too_large';
    const later = this.whyNoRoom(sender, message);
    if (later !== undefined) return later;
    const own = this.#bySender.get(sender) ?? { events: 0, bytes: 0, contextBytes: 0 };
    this.#bySender.set(sender, own);
    change(this.#total, message, 1);
    change(own, message, 1);
    const last: Wanted = { ...message, events: 1 };
    return isLast => {
      change(this.#total, isLast ? last : ONE_EVENT, -1);
      change(own, isLast ? last : ONE_EVENT, -1);
      if (own.events === 0) this.#bySender.delete(sender);
    };
  }
}

function count(held: Held, { byteLength, contextBytes }: OutstandingEvent, sign: 1 | -1): void {
  held.events += sign;
  held.bytes += sign * byteLength;
  held.contextBytes += sign * contextBytes;
}

function change(held: Held, { events, bytes, contextBytes }: Wanted, sign: 1 | -1): void {
  held.events += sign * events;
  held.bytes += sign * bytes;
  held.contextBytes += sign * contextBytes;
}
