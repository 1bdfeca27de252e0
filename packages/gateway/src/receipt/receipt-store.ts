// SPDX-License-Identifier: Apache-2.0
import type { Logger, SerializedEvent } from 'opentelemetry-exporter-optimizely';
import type {
  EventStore,
  EventStoreHost,
  StoredEvent,
  StoreTicket,
} from 'opentelemetry-exporter-optimizely/file-store';
import type { LaterReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import type { Wanted } from './outstanding-events.js';

/** So long after a failure the store counts as unusable; then the next request tries it. */
const UNUSABLE_MILLIS = 5_000;

/** What a record takes besides its texts, as docs/store-format.md has it. */
const RECORD_BYTES = 36;

const FAILURES = { full: 'store_full', failed: 'store_unusable' } as const;
const ADVICE = {
  store_full: 'the event store has maxStoreBytes until events of it are delivered',
  store_unusable: 'the event store cannot be written; check its directory, its owner, and the disk',
} as const;

export interface ReceiptStoreOptions {
  readonly store: EventStore;
  /** What its files may take. */
  readonly maxBytes: number;
  readonly runtime: Runtime;
  /** Whether its directory can be written, for as long as no request tells. */
  readonly isWritable: () => boolean;
}

/**
 * Writes all events of a request before the exporter gets any of them, so that a full disk is known while nothing is
 * taken yet. When the exporter then stores them, they are there.
 */
export class ReceiptStore implements EventStore {
  readonly #store: EventStore;
  readonly #maxBytes: number;
  readonly #runtime: Runtime;
  readonly #isWritable: () => boolean;
  /** By text; two events without a uuid may have the same. */
  readonly #written = new Map<string, StoreTicket[]>();
  #failure: 'store_full' | 'store_unusable' | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Whether nothing was written yet, or not since the latest failure. */
  #isDoubtful = true;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #logger: Logger | undefined;

  constructor({ store, maxBytes, runtime, isWritable }: ReceiptStoreOptions) {
    this.#store = store;
    this.#maxBytes = maxBytes;
    this.#runtime = runtime;
    this.#isWritable = isWritable;
  }

  /** What the latest write has met; undefined if it succeeded, or failed so long ago that it is worth trying. */
  get failure(): Extract<LaterReason, 'store_full' | 'store_unusable'> | undefined {
    return this.#runtime.monotonic() - this.#failedAt < UNUSABLE_MILLIS ? this.#failure : undefined;
  }

  /**
   * Whether requests are worth sending here. A store that can't be written says so before the first of them, and goes on
   * to: a balancer would send some more each time otherwise.
   */
  get isReady(): boolean {
    if (this.failure !== undefined) return false;
    const now = this.#runtime.monotonic();
    if (this.#isDoubtful && now - this.#lookedAt >= UNUSABLE_MILLIS) {
      this.#lookedAt = now;
      this.#isDoubtful = !this.#isWritable();
    }
    return !this.#isDoubtful;
  }

  /**
   * Whether there would be no room for so much if the store were empty: its sender would be told to come back for ever.
   * Not all that stands in its files besides is counted.
   */
  isTooLarge({ events, bytes, contextBytes }: Wanted): boolean {
    return events * RECORD_BYTES + bytes + contextBytes > this.#maxBytes;
  }

  /** Writes all of them or none. @returns why not */
  writeAll(events: readonly SerializedEvent[]): LaterReason | undefined {
    const sinceEpoch = this.#runtime.now() - this.#runtime.monotonic();
    for (const { type, uuid, context, json, acceptedAt } of events) {
      const record = {
        kind: 'resolved',
        type,
        uuid,
        context,
        json,
        acceptedAt: sinceEpoch + acceptedAt,
      } as const;
      const ticket = this.#write(record);
      if (typeof ticket !== 'number') {
        this.takeBack();
        return this.#failure;
      }
      this.#written.set(json, [...(this.#written.get(json) ?? []), ticket]);
    }
    return undefined;
  }

  /** Removes what was written and not asked for since. */
  takeBack(): void {
    if (this.#written.size > 0) this.#store.remove([...this.#written.values()].flat());
    this.#written.clear();
  }

  open(host: EventStoreHost): void {
    this.#logger = host.logger;
    this.#store.open(host);
  }

  append(event: StoredEvent): StoreTicket | 'full' | 'failed' {
    const written = event.kind === 'resolved' ? this.#written.get(event.json)?.pop() : undefined;
    return written ?? this.#write(event);
  }

  remove(tickets: readonly StoreTicket[]): void {
    this.#store.remove(tickets);
  }

  release(tickets: readonly StoreTicket[]): void {
    this.#store.release(tickets);
  }

  get available(): number {
    return this.#store.available;
  }

  read(limits: { readonly maxEvents: number; readonly maxBytes: number }): ReturnType<EventStore['read']> {
    return this.#store.read(limits);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #write(event: StoredEvent): StoreTicket | 'full' | 'failed' {
    const ticket = this.#store.append(event);
    const failure = typeof ticket === 'number' ? undefined : FAILURES[ticket];
    this.#isDoubtful = failure !== undefined;
    if (failure !== undefined) this.#failedAt = this.#runtime.monotonic();
    if (failure !== this.#failure) this.#say(failure);
    this.#failure = failure;
    return ticket;
  }

  #say(failure: LaterReason | undefined): void {
    if (failure === undefined) this.#logger?.info('the event store takes events again');
    else
      this.#logger?.error(
        `requests are answered 503 (${failure}): ${ADVICE[failure as keyof typeof ADVICE]}`,
      );
  }
}
