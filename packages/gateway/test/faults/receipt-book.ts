// SPDX-License-Identifier: Apache-2.0
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';
import type { EndpointBook } from '../../../../test/chaos/faulty-endpoint.js';

interface Entry {
  readonly isPoison: boolean;
  /** What `contentOf()` has to give for it. */
  readonly content: string | undefined;
  /** Some sender was told that it is taken. */
  hasReceipt: boolean;
  /** The sender was told that it is refused for good. */
  isRefused: boolean;
  /** The application was told that the event is not recorded. */
  isTurnedAway: boolean;
  /** Entity and timestamp, as it came first. */
  identity: string | undefined;
  received: number;
}

export interface BookTotals {
  readonly sent: number;
  readonly receipts: number;
  readonly poison: number;
  /** Different events, as Optimizely counts them. */
  readonly counted: number;
  /** Received once more. */
  readonly resent: number;
  /** Events with a receipt that were not counted, or not refused alone if they are poison. */
  readonly missing: number;
}

const VIOLATIONS_KEPT = 50;

/** What Optimizely keeps of an event, and in whose name it came. */
export interface EventContent {
  readonly client: string;
  readonly visitor: string;
  readonly entity_id: string | null;
  readonly key: string;
  readonly timestamp: number;
}

export function contentOf({ client, visitor, entity_id, key, timestamp }: EventContent): string {
  return [client, visitor, entity_id, key, timestamp].join(' | ');
}

/** What senders sent, what they were told, and what a server that counts as Optimizely does has counted. */
export class ReceiptBook implements EndpointBook {
  readonly #entries = new Map<string, Entry>();
  readonly #isolated = new Set<string>();
  readonly violations: string[] = [];
  #resent = 0;
  #counted = 0;

  /**
   * An event is about to be sent.
   *
   * @param content what has to arrive of it, as `contentOf()` has it; not compared if it is not given
   */
  add(uuid: string, isPoison: boolean, content?: string): void {
    if (this.#entries.has(uuid)) throw new Error(`${uuid} was there before`);
    this.#entries.set(uuid, {
      isPoison,
      content,
      hasReceipt: false,
      isRefused: false,
      isTurnedAway: false,
      identity: undefined,
      received: 0,
    });
  }

  /** @param refused how many of them the answer names as refused for good */
  receipt(uuids: readonly string[], refused: number): void {
    const entries = uuids.map(uuid => this.#entries.get(uuid)).filter(entry => entry !== undefined);
    const poison = entries.filter(({ isPoison }) => isPoison);
    if (refused > poison.length)
      this.violate(`${refused} events were refused, of which ${poison.length} are poison`);
    for (const entry of entries) entry.hasReceipt = true;
    if (refused === poison.length) for (const entry of poison) entry.isRefused = true;
  }

  /** Sent, and not counted so far. */
  get ahead(): number {
    return this.#entries.size - this.#counted;
  }

  /** Different events, as Optimizely counts them. */
  get counted(): number {
    return this.#counted;
  }

  /** An application tried to record it and was told that it is not taken. */
  turnAway(uuid: string): void {
    const entry = this.#entries.get(uuid);
    if (entry !== undefined) entry.isTurnedAway = true;
  }

  isPoison(uuid: string): boolean {
    return this.#entries.get(uuid)?.isPoison === true;
  }

  isolated(uuid: string): void {
    this.#isolated.add(uuid);
  }

  receive({ visitors, client_name: client }: EventBatchParams): void {
    for (const { visitor_id: visitor, snapshots } of visitors) {
      for (const event of snapshots.flatMap(({ events }) => events)) {
        const entry = this.#entries.get(event.uuid);
        const identity = `${event.entity_id} ${event.timestamp}`;
        if (entry === undefined) this.violate(`${event.uuid} was never sent`);
        else {
          if (entry.received++ > 0) this.#resent++;
          else this.#counted++;
          entry.identity ??= identity;
          if (entry.identity !== identity) this.violate(`${event.uuid} is counted twice: ${identity}`);
          const content = contentOf({ ...event, visitor, client });
          if (entry.content !== undefined && entry.content !== content)
            this.violate(`${event.uuid} came as ${content}, not as ${entry.content}`);
        }
      }
    }
  }

  violate(what: string): void {
    if (this.violations.length < VIOLATIONS_KEPT) this.violations.push(what);
  }

  totals(): BookTotals {
    const totals = { sent: 0, receipts: 0, poison: 0, counted: this.#counted, missing: 0 };
    for (const [uuid, entry] of this.#entries) {
      totals.sent++;
      if (entry.hasReceipt) totals.receipts++;
      if (entry.isPoison) totals.poison++;
      if (entry.hasReceipt && this.#isMissing(uuid, entry)) totals.missing++;
    }
    return { ...totals, resent: this.#resent };
  }

  /**
   * At the end: names what has a receipt and is missing, and says how many have none.
   *
   * @param events how many were to get a receipt
   */
  check(events = this.#entries.size): void {
    const { receipts } = this.totals();
    if (receipts < events) this.violate(`${events - receipts} events got no receipt in time`);
    for (const [uuid, entry] of this.#entries) {
      if (entry.hasReceipt && this.#isMissing(uuid, entry))
        this.violate(`${uuid} has a receipt and was not counted`);
      if (entry.isTurnedAway && entry.received > 0) this.violate(`${uuid} was refused, and delivered`);
    }
  }

  /** Events with a receipt that were not counted so far. */
  missing(): string[] {
    return [...this.#entries].flatMap(([uuid, entry]) =>
      entry.hasReceipt && this.#isMissing(uuid, entry) ? [uuid] : [],
    );
  }

  #isMissing(uuid: string, { isPoison, received }: Entry): boolean {
    return isPoison ? !this.#isolated.has(uuid) : received === 0;
  }
}
