// SPDX-License-Identifier: Apache-2.0
import { type ReadRecord, readRecords } from './read-records.js';
import { RecordDecoder } from './record-decoder.js';
import { RECORD_STATE, type Segment } from './segment.js';
import type { SegmentBook } from './segment-book.js';

/** What is needed of the store whose records are read. */
export interface AvailableRecordsHost {
  readonly book: SegmentBook;
  /** Writes what waits for the end of the turn. */
  commit(): void;
  /** A record can't be read back, now or later. */
  markGone(segment: Segment, index: number): void;
  /** @param path of the first file with such records */
  lost(count: number, path: string | undefined): void;
}

/** Takes records into memory whose events are only on disk, oldest first. */
export class AvailableRecords {
  readonly #host: AvailableRecordsHost;
  readonly #decoder = new RecordDecoder();
  readonly #reading = new Set<Promise<unknown>>();
  /** Segments whose records can't be read now. */
  readonly #unreadable = new Set<Segment>();

  constructor(host: AvailableRecordsHost) {
    this.#host = host;
  }

  /** Never rejects. */
  async read(limits: { readonly maxEvents: number; readonly maxBytes: number }): Promise<ReadRecord[]> {
    const reading = this.#read(limits);
    this.#reading.add(reading);
    return reading.finally(() => this.#reading.delete(reading));
  }

  /** What can't be read now may be read again. @param segment only of this one, which is no more. @default of all */
  forget(segment?: Segment): void {
    if (segment === undefined) this.#unreadable.clear();
    else this.#unreadable.delete(segment);
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    await Promise.all(this.#reading);
  }

  async #read({ maxEvents, maxBytes }: { maxEvents: number; maxBytes: number }): Promise<ReadRecord[]> {
    const { book } = this.#host;
    this.#host.commit();
    for (;;) {
      const chosen = maxEvents >= 1 ? book.choose(maxEvents, maxBytes, this.#unreadable) : [];
      const outcomes = await readRecords(chosen, this.#decoder);
      const records: ReadRecord[] = [];
      let lost = 0;
      let where: string | undefined;
      for (const [number, { segment, index }] of chosen.entries()) {
        const outcome = outcomes[number] ?? 'later';
        // Removed, or gone with its directory, while it was being read.
        if (!book.has(segment) || segment.state(index) !== RECORD_STATE.reading) continue;
        if (outcome === 'later') {
          book.set(segment, index, RECORD_STATE.available);
          // Else those behind it would never be chosen.
          this.#unreadable.add(segment);
        } else if (outcome === 'lost') {
          this.#host.markGone(segment, index);
          lost++;
          where ??= segment.path;
        } else {
          book.set(segment, index, RECORD_STATE.held);
          records.push({ ticket: segment.ticket(index), event: outcome });
        }
      }
      if (lost > 0) this.#host.lost(lost, where);
      if (records.length > 0 || chosen.length === 0) return records;
    }
  }
}
