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

interface Candidate extends PreparedEvent {
  readonly key: string;
}

/** All events of one request for one project, on their way in: looked at first, then handed over together. */
export class Admission {
  readonly #deps: AdmissionDependencies;
  readonly #sender: string;
  readonly #events: readonly Candidate[];

  constructor(events: readonly PreparedEvent[], sender: string, dependencies: AdmissionDependencies) {
    this.#deps = dependencies;
    this.#sender = sender;
    this.#events = events.map((event, index) => {
      const { serialized, shown } = event;
      return { serialized, shown, key: keyOf(event, index) };
    });
  }

  /** @returns undefined if all can be taken; they are written then, where that comes first */
  whyNot(): LaterReason | 'too_large' | undefined {
    const { outstanding, store, writesFirst } = this.#deps;
    const fresh = this.#fresh();
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
    for (const event of this.#events) this.#handOver(event, receipt);
    // Of events that the exporter has refused.
    store?.takeBack();
    receipt.begin(ackTimeoutMillis);
    return receipt.settled;
  }

  /** Those that are not on their way already; one that comes twice in the request counts once. */
  #fresh(): readonly Candidate[] {
    const { outstanding } = this.#deps;
    const seen = new Set<string>();
    return this.#events.filter(({ key }) => {
      if (seen.has(key) || outstanding.find(key) !== undefined || outstanding.recent(key) !== undefined)
        return false;
      seen.add(key);
      return true;
    });
  }

  #handOver({ key, serialized, shown }: Candidate, receipt: OwedReceipt): void {
    const { outstanding, processor } = this.#deps;
    const known = outstanding.recent(key);
    if (known !== undefined) {
      receipt.expect();
      receipt.tell(known);
      return;
    }
    const joined = outstanding.find(key);
    if (joined !== undefined) {
      joined.join(receipt);
      return;
    }
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

function wantedBy(events: readonly Candidate[]): Wanted {
  const wanted = { events: events.length, bytes: 0, contextBytes: 0 };
  for (const { serialized } of events) {
    wanted.bytes += serialized.byteLength;
    wanted.contextBytes += contextBytes(serialized);
  }
  return wanted;
}

/** What Optimizely counts once is the same text; without a uuid, it counts each. */
function keyOf({ serialized }: PreparedEvent, index: number): string {
  const { uuid, json, acceptedAt } = serialized;
  return uuid === '' ? `${acceptedAt} ${index} ${json}` : json;
}
