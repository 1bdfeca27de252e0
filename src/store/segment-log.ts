// SPDX-License-Identifier: Apache-2.0
import type { HeldText, StoredEvent, StoreTicket } from '../model/event-store.js';
import { isStackOverflow } from '../util/guard.js';
import { DiskEpisode } from './disk-episode.js';
import { isFullDisk } from './disk-reserve.js';
import type { InstanceDirectory } from './instance-directory.js';
import { ENCODED_BYTES, PendingRecords } from './pending-records.js';
import { RecordEncoder, type RecordToWrite } from './record-encoder.js';
import { MAX_RECORDS, MAX_SEGMENT_BYTES } from './record-layout.js';
import type { Segment } from './segment.js';
import { SegmentFiles } from './segment-files.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import type { SegmentLogHost } from './segment-log-host.js';
import type { SegmentWriter } from './segment-writer.js';

const CHECK_EVERY = 256;

/**
 * Writes records to the end of the log: chooses the segment, rolls it, and falls back when the disk does not play
 * along.
 */
export class SegmentLog {
  readonly files: SegmentFiles;
  readonly #host: SegmentLogHost;
  readonly #encoder: RecordEncoder;
  readonly #episode: DiskEpisode;
  /** Undefined where each record is written at once. */
  readonly #pending: PendingRecords | undefined;
  #writer: SegmentWriter | undefined;
  #sinceCheck = 0;

  constructor(host: SegmentLogHost) {
    this.#host = host;
    this.files = new SegmentFiles(host);
    this.#episode = new DiskEpisode(host.directory, host.runtime, host.logger);
    this.#pending = host.commit === 'turn' ? new PendingRecords(() => this.commit()) : undefined;
    this.#encoder = new RecordEncoder(this.#pending && ENCODED_BYTES);
  }

  get instance(): InstanceDirectory | undefined {
    return this.files.directories.current;
  }

  /** Makes directory and segment now, so that an unusable disk is known at once. */
  open(): void {
    try {
      this.#writerFor(0);
      this.#episode.succeeded();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Without a directory nothing is taken over of earlier processes. */
  openIfItFailed(): void {
    if (this.instance === undefined && this.#episode.isDue) this.open();
  }

  /** @param held has the event's JSON, too, and may get it in a form that takes less time to read */
  append(event: StoredEvent, held: HeldText | undefined): StoreTicket | 'full' | 'failed' {
    if (this.#episode.isResting) return this.#missed();
    const record = this.#encoder.prepare(event, held);
    if (record === undefined) return 'failed';
    try {
      return this.#defer(record) ?? this.#writeNow(record);
    } catch (error) {
      // The disk is not at fault, and the next event may be written.
      if (isStackOverflow(error)) return 'failed';
      this.#failed(error);
      return this.#missed();
    }
  }

  /** @returns undefined if the record has to be written now, or can't be */
  #defer(record: RecordToWrite): StoreTicket | undefined {
    const pending = this.#pending;
    const { leastBytes } = record;
    if (pending?.takes(leastBytes) !== true || !this.#keepsBounds(leastBytes * 3)) return undefined;
    if (!pending.hasRoomFor(leastBytes)) this.#writePending();
    this.#verifyNowAndThen();
    const { segment } = this.#writerFor(leastBytes);
    pending.watchTurn();
    record.index = segment.count;
    this.#host.book.append(segment, { index: record.index, offset: 0, length: 0 });
    pending.add(record);
    return segment.ticket(record.index);
  }

  #writeNow(record: RecordToWrite): StoreTicket | 'full' | 'failed' {
    const { book, storeLog } = this.#host;
    this.#writePending();
    this.#verifyNowAndThen();
    const length = this.#encoder.encode(record);
    if (length + SEGMENT_HEADER_BYTES > MAX_SEGMENT_BYTES) {
      storeLog.tooLarge();
      return 'failed';
    }
    if (!this.#keepsBounds(length)) {
      this.emptied(0);
      return 'full';
    }
    const before = this.#writer;
    const writer = this.#writerFor(length);
    // What is logged about a new one may make the application record an event.
    if (writer !== before) this.#encoder.encode(record);
    const { segment } = writer;
    const [index, offset] = [segment.count, segment.bytes];
    this.#encoder.seal(index, length);
    writer.append(this.#encoder.buffer, length);
    book.written(segment, length);
    book.append(segment, { index, offset, length });
    this.#episode.succeeded();
    return segment.ticket(index);
  }

  /** Writes what waits for the end of the turn, if the stack has room for it: else it goes on waiting. */
  commit(): void {
    try {
      this.#writePending();
    } catch {
      // It is written with the next event at the latest, and before it is read.
    }
  }

  /** @throws where the stack has ended; what waits goes on waiting then */
  #writePending(): void {
    const [pending, writer] = [this.#pending, this.#writer];
    if (pending === undefined || pending.count === 0 || writer === undefined) return;
    const { book, refused } = this.#host;
    try {
      pending.writeTo(writer, book, this.#encoder);
      this.#episode.succeeded();
    } catch (error) {
      if (isStackOverflow(error)) throw error;
      const records = pending.take();
      refused.add(book.takeBack(writer.segment, records));
      for (const _ of records) this.#episode.missed();
      this.#failed(error);
    }
  }

  /** Whether so many bytes more, in files of others, keep the store's bounds. */
  hasRoomFor(bytes: number): boolean {
    return this.#keepsBounds(bytes + (this.#writer?.unusedBytes ?? 0));
  }

  /** What waits may take three times as much as it has characters. */
  #keepsBounds(bytes: number): boolean {
    return this.files.keepsBounds(bytes + (this.#pending?.leastBytes ?? 0) * 3);
  }

  isWriting(segment: Segment): boolean {
    return this.#writer?.segment === segment;
  }

  /**
   * All records of the segment that is being written may have been removed: it is not worth keeping then.
   *
   * @param fromBytes of it. @default as the files say
   */
  emptied(fromBytes = this.files.uselessBytes): void {
    const segment = this.#writer?.segment;
    if (segment === undefined || segment.left > 0 || segment.count === 0) return;
    if (segment.bytes >= fromBytes) this.retire();
  }

  /** Looks whether what we write is still where others will look for it, and goes on elsewhere if not. */
  verify(): void {
    this.#sinceCheck = 0;
    const [instance, writer] = [this.instance, this.#writer];
    if (instance === undefined) return;
    const place = writer?.look() ?? instance.look();
    if (place === 'hidden') {
      this.retire();
      this.files.directories.leaveBehind();
    }
    if (place !== 'in place') this.files.spare.drop();
    if (place !== 'gone') return;
    this.#pending?.take();
    this.#writer = undefined;
    if (writer !== undefined) void this.#host.diskQueue.run(() => writer.close());
    const whole = instance.look() === 'gone';
    const gone = whole || writer === undefined ? this.#host.book.segmentsIn(instance.path) : [writer.segment];
    if (whole) this.files.directories.gone();
    this.#host.storeLog.gone(whole ? 'directory' : 'segment');
    // Not now: the caller of append() must not be told of losses before the call returns.
    queueMicrotask(() => this.#host.vanished(gone));
  }

  /** No more is appended. */
  end(): void {
    this.verify();
    this.retire();
    this.files.spare.close();
  }

  /** Ends the use of our directories. Never rejects. */
  leave(): Promise<void> {
    this.#pending?.close();
    return this.files.directories.leave(({ path }) => this.#host.book.segmentsIn(path).length === 0);
  }

  /** @throws where the stack has ended and records wait */
  retire(): void {
    this.#writePending();
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    writer.end();
    void this.#host.diskQueue.run(() => writer.close());
    this.#host.retired(writer.segment);
  }

  #verifyNowAndThen(): void {
    if (++this.#sinceCheck >= CHECK_EVERY) this.verify();
  }

  #writerFor(bytes: number): SegmentWriter {
    const { segment } = this.#writer ?? {};
    if (segment !== undefined && segment.count > 0) {
      const grown = segment.bytes + (this.#pending?.leastBytes ?? 0) + bytes;
      if (grown > this.files.segmentBytes || segment.count === MAX_RECORDS) {
        this.verify();
        this.retire();
      }
    }
    return this.#writer ?? this.#createWriter();
  }

  #createWriter(): SegmentWriter {
    this.verify();
    const writer = this.files.create();
    this.#host.book.add(writer.segment);
    // What was logged meanwhile may have made the application record an event, which made one, too.
    this.retire();
    this.#writer = writer;
    return writer;
  }

  #missed(): 'failed' {
    this.#episode.missed();
    return 'failed';
  }

  #failed(error: unknown): void {
    this.#episode.failed(error);
    // On a full disk the same segment goes on when there is room again.
    if (!isFullDisk(error)) this.retire();
  }
}
