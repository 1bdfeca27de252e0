// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { PreparedEvent } from '../model/prepared-event.js';
import type { LaterReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { contextBytes } from './context-bytes.js';
import { OutstandingEvent, type OutstandingOwner } from './outstanding-event.js';
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
  /** Events that may come twice in the request are among them twice. */
  readonly #fresh: readonly PreparedEvent[];
  /** On their way already, or settled lately. */
  readonly #known: readonly PreparedEvent[];

  constructor(events: readonly PreparedEvent[], sender: string, dependencies: AdmissionDependencies) {
    this.#deps = dependencies;
    this.#sender = sender;
    const { known } = dependencies.outstanding;
    this.#fresh = events.filter(({ key }) => known.find(key) === undefined);
    this.#known =
      this.#fresh.length === events.length ? [] : events.filter(({ key }) => known.find(key) !== undefined);
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
    if (outstanding.isTooLargeForContexts(wanted.contextBytes) || store.isTooLarge(wanted))
      return 'too_large';
    if (outstanding.hasNoRoomForContexts(wanted.contextBytes)) return 'queue_full';
    return writesFirst ? store.writeAll(fresh.map(({ serialized }) => serialized)) : store.failure;
  }

  /** Takes nothing after all. */
  takeBack(): void {
    this.#deps.store?.takeBack();
  }

  /** Hands the events to the exporter. @returns what becomes of all of them; never rejects */
  handOver(): Promise<Settled> {
    const { outstanding, store, runtime, ackTimeoutMillis } = this.#deps;
    const receipt = new OwedReceipt(runtime);
    const owner = outstanding.begin(this.#sender, receipt);
    for (const event of this.#fresh) this.#take(event, owner);
    for (const event of this.#known) this.#take(event, owner);
    // Of events that came twice, or that the exporter has refused.
    store?.takeBack();
    receipt.begin(ackTimeoutMillis);
    return receipt.settled;
  }

  /** What has the same key is the same event: one before it in the request, or in one that was taken meanwhile. */
  #take({ key, serialized, shown }: PreparedEvent, owner: OutstandingOwner): void {
    const { outstanding, processor } = this.#deps;
    const first = outstanding.known.find(key);
    if (first !== undefined) {
      first.join(owner.receipt);
      return;
    }
    const event = new OutstandingEvent(serialized.byteLength, contextBytes(serialized), owner);
    outstanding.known.add(key, event);
    processor.process(serialized, shown, null, event);
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
