// SPDX-License-Identifier: Apache-2.0
import type { EventStore } from 'opentelemetry-exporter-optimizely';
import type { EventStoreHost, StoredEvent, StoreTicket } from 'opentelemetry-exporter-optimizely/file-store';

/** A disk that outlives its stores. */
export class Disk {
  readonly records = new Map<StoreTicket, StoredEvent>();
  lastTicket = 0;
}

/** An event store on a pretended disk. Throws where it is used in a way that the port does not allow. */
export class MemoryStore implements EventStore {
  readonly #disk: Disk;
  readonly #held = new Set<StoreTicket>();
  #host: EventStoreHost | undefined;
  /** What `append` answers instead of writing. */
  refuse: 'full' | 'failed' | undefined;
  closed = false;

  readonly #isStrict: boolean;

  /** @param isStrict whether misuse fails the test, even where the package bears what is thrown */
  constructor(disk = new Disk(), { isStrict = true } = {}) {
    this.#disk = disk;
    this.#isStrict = isStrict;
  }

  get available(): number {
    return this.#disk.records.size - this.#held.size;
  }

  open(host: EventStoreHost): void {
    if (this.#host !== undefined) this.#misused('opened twice');
    this.#host = host;
    if (this.#disk.records.size > 0) queueMicrotask(() => host.adopted(this.#disk.records.size));
  }

  append(event: StoredEvent): StoreTicket | 'full' | 'failed' {
    this.#requireOpen();
    if (this.refuse !== undefined) return this.refuse;
    const ticket = ++this.#disk.lastTicket;
    this.#disk.records.set(ticket, structuredClone(event));
    this.#held.add(ticket);
    return ticket;
  }

  remove(tickets: readonly StoreTicket[]): void {
    this.#requireOpen();
    for (const ticket of tickets) {
      if (!this.#held.delete(ticket)) this.#misused('removed what is not held');
      this.#disk.records.delete(ticket);
    }
  }

  release(tickets: readonly StoreTicket[]): void {
    this.#requireOpen();
    for (const ticket of tickets) if (!this.#held.delete(ticket)) this.#misused('released what is not held');
  }

  async read({ maxEvents, maxBytes }: { maxEvents: number; maxBytes: number }) {
    this.#requireOpen();
    const records: { ticket: StoreTicket; event: StoredEvent }[] = [];
    let bytes = 0;
    for (const [ticket, event] of this.#disk.records) {
      if (this.#held.has(ticket)) continue;
      bytes += JSON.stringify(event).length;
      if (records.length === maxEvents || (records.length > 0 && bytes > maxBytes)) break;
      this.#held.add(ticket);
      records.push({ ticket, event });
    }
    return records;
  }

  async close(): Promise<void> {
    this.#requireOpen();
    this.closed = true;
  }

  #requireOpen(): void {
    if (this.#host === undefined || this.closed) this.#misused('the store is not open');
  }

  /** Thrown where the test runner sees it too: the package bears a store that throws. */
  #misused(how: string): never {
    const error = new Error(how);
    if (this.#isStrict) {
      queueMicrotask(() => {
        throw error;
      });
    }
    throw error;
  }
}
