// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { PreparedEvent } from '../model/prepared-event.js';
import type { LaterReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { contextBytes } from './context-bytes.js';
import type { OutstandingEvents, Wanted } from './outstanding-events.js';
import { OwedReceipt, type Settled } from './owed-receipt.js';
import type { ReceiptStore } from './receipt-store.js';

export interface AdmissionDependencies {
  readonly outstanding: OutstandingEvents;
  readonly processor: Pick<OptimizelySpanProcessor, 'process'>;
  readonly runtime: Runtime;
  readonly ackTimeoutMillis: number;
  /** There where being stored is the receipt. */
  readonly store: ReceiptStore | undefined;
  /** Whether events are stored as they come, so that they can be written before any of them is taken. */
  readonly writesFirst: boolean;
}

/** All events of one request for one project, on their way in: looked at first, then handed over together. */
export class Admission {
  readonly #deps: AdmissionDependencies;
  readonly #sender: string;
  readonly #fresh: readonly PreparedEvent[];
  /** On their way already, or settled lately; and the second of those that come twice in the request. */
  readonly #known: readonly PreparedEvent[];

  constructor(events: readonly PreparedEvent[], sender: string, dependencies: AdmissionDependencies) {
    this.#deps = dependencies;
    this.#sender = sender;
    const { outstanding } = dependencies;
    const [fresh, known]: [PreparedEvent[], PreparedEvent[]] = [[], []];
    const seen = new Set<string>();
    for (const event of events) {
      const { key } = event;
      const isKnown =
        seen.has(key) || outstanding.find(key) !== undefined || outstanding.recent(key) !== undefined;
      (isKnown ? known : fresh).push(event);
      seen.add(key);
    }
    this.#fresh = fresh;
    this.#known = known;
  }

  /** @returns undefined if all can be taken; they are written then, where that comes first */
  whyNot(): LaterReason | 'too_large' | undefined {
    const { outstanding, store, writesFirst } = this.#deps;
    const fresh = this.#fresh;
    if (fresh.length === 0) return undefined;
    const wanted = wantedBy(fresh);
    // What memory has no room for is in the store alone.
    if (store === undefined) {
      return outstanding.isTooLarge(wanted) ? 'too_large' : outstanding.whyNoRoom(this.#sender, wanted);
    }
    if (outstanding.hasNoRoomForContexts(wanted.contextBytes)) return 'queue_full';
    return writesFirst ? store.writeAll(fresh.map(({ serialized }) => serialized)) : store.failure;
  }

  /** Takes nothing after all. */
  takeBack(): void {
    this.#deps.store?.takeBack();
  }

  /** Hands the events to the exporter. @returns what becomes of all of them; never rejects */
  handOver(): Promise<Settled> {
    const { store, runtime, ackTimeoutMillis } = this.#deps;
    const receipt = new OwedReceipt(runtime);
    for (const event of this.#fresh) this.#handOver(event, receipt);
    for (const event of this.#known) this.#join(event, receipt);
    // Of events that the exporter has refused.
    store?.takeBack();
    receipt.begin(ackTimeoutMillis);
    return receipt.settled;
  }

  #join(event: PreparedEvent, receipt: OwedReceipt): void {
    const { outstanding } = this.#deps;
    const verdict = outstanding.recent(event.key);
    const joined = outstanding.find(event.key);
    if (verdict !== undefined) {
      receipt.expect();
      receipt.tell(verdict);
    } else if (joined !== undefined) joined.join(receipt);
    else this.#handOver(event, receipt);
  }

  #handOver({ key, serialized, shown }: PreparedEvent, receipt: OwedReceipt): void {
    const { outstanding, processor } = this.#deps;
    const { type, uuid, context, json, byteLength, acceptedAt } = serialized;
    const settlement = outstanding.begin({
      key,
      byteLength,
      contextBytes: contextBytes(serialized),
      sender: this.#sender,
    });
    settlement.join(receipt);
    processor.process({ type, uuid, context, json, byteLength, acceptedAt, settlement }, shown, null);
  }
}

function wantedBy(events: readonly PreparedEvent[]): Wanted {
  const wanted = { events: events.length, bytes: 0, contextBytes: 0 };
  for (const { serialized } of events) {
    wanted.bytes += serialized.byteLength;
    wanted.contextBytes += contextBytes(serialized);
  }
  return wanted;
}
