// SPDX-License-Identifier: Apache-2.0
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import { join, sep } from '../util/builtins.js';
import { isStackOverflow } from '../util/guard.js';
import { DiskEpisode } from './disk-episode.js';
import { isFullDisk } from './disk-reserve.js';
import { InstanceDirectory } from './instance-directory.js';
import { OwnDirectories } from './own-directories.js';
import { PendingRecords } from './pending-records.js';
import { RecordEncoder } from './record-encoder.js';
import { MAX_RECORDS, MAX_SEGMENT_BYTES } from './record-layout.js';
import type { Segment } from './segment.js';
import { ACK_RESERVE_BYTES } from './segment-book.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import type { SegmentLogHost } from './segment-log-host.js';
import { SegmentWriter } from './segment-writer.js';
import { SpareFile } from './spare-file.js';

const CHECK_EVERY = 256;

/**
 * Writes records to the end of the log: chooses the segment, rolls it, and falls back when the disk does not play
 * along.
 */
export class SegmentLog {
  readonly #host: SegmentLogHost;
  readonly #encoder = new RecordEncoder();
  readonly #episode: DiskEpisode;
  readonly #segmentBytes: number;
  readonly #directories: OwnDirectories;
  /** Undefined where each record is written at once. */
  readonly #pending: PendingRecords | undefined;
  readonly #spareFile: SpareFile;
  #writer: SegmentWriter | undefined;
  #sinceCheck = 0;

  constructor(host: SegmentLogHost) {
    this.#host = host;
    const { directory, owner, runtime, logger } = host;
    this.#directories = new OwnDirectories(
      () => InstanceDirectory.create(directory, owner, runtime, logger),
      logger,
    );
    this.#episode = new DiskEpisode(directory, runtime, logger);
    this.#pending = host.commit === 'turn' ? new PendingRecords(() => this.commit()) : undefined;
    this.#spareFile = new SpareFile(host.diskQueue);
    this.#segmentBytes = Math.min(1_048_576, Math.max(4_096, host.maxBytes / 8));
  }

  get instance(): InstanceDirectory | undefined {
    return this.#directories.current;
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

  /** Without a directory nothing is taken over of earlier processes, whether there are events to write or not. */
  openIfItFailed(): void {
    if (this.instance === undefined && this.#episode.isDue) this.open();
  }

  append(event: StoredEvent): StoreTicket | 'full' | 'failed' {
    if (this.#episode.isResting) return this.#missed();
    try {
      this.#encoder.encode(event);
    } catch {
      return 'failed';
    }
    if (this.#encoder.length + SEGMENT_HEADER_BYTES > MAX_SEGMENT_BYTES) {
      this.#host.storeLog.tooLarge();
      return 'failed';
    }
    if (!this.#keepsBounds(this.#encoder.length)) {
      this.#retireIfUseless(0);
      return 'full';
    }
    try {
      const ticket = this.#write();
      if (this.#pending === undefined) this.#episode.succeeded();
      return ticket;
    } catch (error) {
      // Nothing has changed, and the disk is not at fault.
      if (isStackOverflow(error)) return 'failed';
      this.#failed(error);
      return this.#missed();
    }
  }

  /** Writes what waits for the end of the turn. */
  commit(): void {
    const [pending, writer] = [this.#pending, this.#writer];
    if (pending === undefined || pending.count === 0 || writer === undefined) return;
    const { count, length } = pending;
    try {
      writer.commit(pending);
      this.#episode.succeeded();
    } catch (error) {
      if (isStackOverflow(error)) throw error;
      this.#host.refused.add(this.#host.book.takeBack(writer.segment, count, length));
      for (let n = 0; n < count; n++) this.#episode.missed();
      pending.clear();
      this.#failed(error);
    }
  }

  /** Whether so many bytes more, in files of others, keep the store's bounds. */
  hasRoomFor(bytes: number): boolean {
    return this.#keepsBounds(bytes + (this.#writer?.unusedBytes ?? 0));
  }

  /** Records are written where the file has zeros, which count nothing therefore. */
  #keepsBounds(bytes: number): boolean {
    const { book, maxBytes } = this.#host;
    const total = book.bytes + SEGMENT_HEADER_BYTES + bytes + ACK_RESERVE_BYTES;
    if (total + this.#spareFile.bytes > maxBytes) this.#spareFile.drop();
    return total <= maxBytes;
  }

  isWriting(segment: Segment): boolean {
    return this.#writer?.segment === segment;
  }

  /** All records of the segment that is being written were removed: once it is half full it is not worth keeping. */
  emptied(): void {
    this.#retireIfUseless(this.#segmentBytes / 2);
  }

  /** Looks whether what we write is still where others will look for it, and goes on elsewhere if not. */
  verify(): void {
    this.#sinceCheck = 0;
    const { instance } = this;
    const writer = this.#writer;
    if (instance === undefined) return;
    const place = writer?.look() ?? instance.look();
    if (place === 'hidden') {
      this.retire();
      this.#directories.leaveBehind();
    }
    if (place !== 'in place') this.#spareFile.drop();
    if (place !== 'gone') return;
    this.#pending?.clear();
    this.#writer = undefined;
    if (writer !== undefined) void this.#host.diskQueue.run(() => writer.close());
    const whole = instance.look() === 'gone';
    const gone = whole || writer === undefined ? this.#segmentsIn(instance) : [writer.segment];
    if (whole) this.#directories.gone();
    this.#host.storeLog.gone(whole ? 'directory' : 'segment');
    // Not now: the caller of append() must not be told of losses before the call returns.
    queueMicrotask(() => this.#host.vanished(gone));
  }

  /**
   * Keeps the file of a segment whose records are gone, where it is worth it. Never throws.
   *
   * @returns whether the segment's path is free
   */
  keepFile(segment: Segment): boolean {
    const isOfUsualSize = segment.bytes >= this.#segmentBytes / 2 && segment.bytes <= this.#segmentBytes;
    return isOfUsualSize && !segment.adopted && this.#spareFile.keep(segment);
  }

  /** No more is appended. */
  end(): void {
    this.verify();
    this.retire();
    this.#spareFile.close();
  }

  /** Ends the use of our directories. Never rejects. */
  leave(): Promise<void> {
    this.#pending?.close();
    return this.#directories.leave(directory => this.#segmentsIn(directory).length === 0);
  }

  retire(): void {
    this.commit();
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    writer.end();
    void this.#host.diskQueue.run(() => writer.close());
    this.#host.retired(writer.segment);
  }

  #write(): StoreTicket {
    if (++this.#sinceCheck >= CHECK_EVERY) this.verify();
    const [encoder, pending] = [this.#encoder, this.#pending];
    if (pending?.hasRoomFor(encoder.length) === false) this.commit();
    const writer = this.#writerFor(encoder.length);
    encoder.seal(writer.segment.count);
    const span = writer.append(encoder.buffer, encoder.length, pending);
    this.#host.book.append(writer.segment, span);
    return writer.segment.ticket(span.index);
  }

  #writerFor(bytes: number): SegmentWriter {
    const { segment } = this.#writer ?? {};
    if (segment !== undefined && segment.count > 0) {
      const full = segment.bytes + bytes > this.#segmentBytes || segment.count === MAX_RECORDS;
      if (full) {
        this.verify();
        this.retire();
      }
    }
    this.#writer ??= this.#createWriter();
    return this.#writer;
  }

  #createWriter(): SegmentWriter {
    const { runtime, fsync, book, nextSegmentId } = this.#host;
    this.verify();
    const onSync = fsync === 'batch' ? (error: unknown) => this.#host.storeLog.syncFailed(error) : undefined;
    const writer = this.#directories.use(directory => {
      const id = nextSegmentId();
      const path = join(directory.path, `${String(id).padStart(12, '0')}.seg`);
      return SegmentWriter.create(id, path, runtime.now(), this.#spareFile, onSync);
    });
    book.add(writer.segment);
    return writer;
  }

  #segmentsIn({ path }: InstanceDirectory): Segment[] {
    return this.#host.book.segments.filter(segment => segment.path.startsWith(`${path}${sep}`));
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

  #retireIfUseless(fromBytes: number): void {
    const segment = this.#writer?.segment;
    if (segment === undefined || segment.left > 0 || segment.count === 0) return;
    if (segment.bytes >= fromBytes) this.retire();
  }
}
