// SPDX-License-Identifier: Apache-2.0
import type { EventStoreHost, HeldText, StoredEvent, StoreTicket } from '../model/event-store.js';
import type { PackageLogger } from '../model/logger.js';
import { AckLog } from './ack-log.js';
import { Adopter } from './adopter.js';
import { AvailableRecords } from './available-records.js';
import { Heartbeat } from './heartbeat.js';
import { findLateRecords } from './load-segment.js';
import { ownerOfThisThread } from './owner.js';
import type { ReadRecord } from './read-records.js';
import { RefusedRecords } from './refused-records.js';
import { removeFile } from './remove-file.js';
import { RECORD_STATE, recordNumber, type Segment } from './segment.js';
import { SegmentBook } from './segment-book.js';
import { SegmentLog } from './segment-log.js';
import { SerialQueue } from './serial-queue.js';
import { StoreLog } from './store-log.js';
import type { ResolvedStoreOptions } from './store-options.js';

/** A store between `open` and `close`: what happens to the records of its segments. */
export class OpenStore {
  readonly #host: EventStoreHost;
  readonly #book = new SegmentBook();
  readonly #diskQueue = new SerialQueue();
  readonly #acks: AckLog;
  readonly #log: SegmentLog;
  readonly #adopter: Adopter;
  readonly #heartbeat: Heartbeat;
  readonly #availableRecords: AvailableRecords;
  readonly #storeLog: StoreLog;
  /** Segments without records whose files can't be deleted now. */
  readonly #undeleted = new Map<Segment, unknown>();
  readonly #refused: RefusedRecords;
  #lastSegmentId = 0;

  constructor(options: ResolvedStoreOptions, host: EventStoreHost, logger: PackageLogger) {
    const { runtime } = host;
    const owner = ownerOfThisThread();
    const nextSegmentId = () => ++this.#lastSegmentId;
    this.#host = host;
    this.#storeLog = new StoreLog(logger, runtime);
    this.#refused = new RefusedRecords(count => host.lost(count));
    this.#acks = new AckLog(runtime, this.#diskQueue);
    this.#log = new SegmentLog({
      ...options,
      owner,
      runtime,
      logger,
      storeLog: this.#storeLog,
      book: this.#book,
      diskQueue: this.#diskQueue,
      nextSegmentId,
      refused: this.#refused,
      retired: segment => this.#disposeIfDone(segment),
      vanished: segments => this.#vanished(segments),
    });
    const [log, book] = [this.#log, this.#book];
    this.#availableRecords = new AvailableRecords({
      book,
      commit: () => log.commit(),
      markGone: (segment, index) => this.#markGone(segment, index),
      lost: (count, path) => {
        this.#storeLog.lost(count, path);
        host.lost(count);
      },
    });
    this.#heartbeat = new Heartbeat(
      runtime,
      () => log.instance,
      () => {
        this.#tryAgain();
        log.openIfItFailed();
      },
    );
    this.#adopter = new Adopter({
      owner,
      runtime,
      logger,
      nextSegmentId,
      get instance() {
        return log.instance;
      },
      hasRoomFor: bytes => log.hasRoomFor(bytes),
      // What is too much even alone is on the disk already, and leaves it only through us.
      get hasNoAdopted() {
        return !book.segments.some(segment => segment.adopted);
      },
      addAdopted: segments => this.#addAdopted(segments),
    });
  }

  start(): void {
    this.#log.open();
    this.#heartbeat.start();
    this.#adopter.start();
  }

  scanned(): Promise<void> {
    return this.#adopter.scanned();
  }

  get available(): number {
    return this.#book.available;
  }

  append(event: StoredEvent, held: HeldText | undefined): StoreTicket | 'full' | 'failed' {
    return this.#log.append(event, held);
  }

  remove(tickets: readonly StoreTicket[]): void {
    this.#refused.removed(tickets);
    for (const ticket of tickets) {
      const segment = this.#book.segmentOf(ticket);
      const index = recordNumber(ticket);
      if (segment !== undefined && segment.state(index) !== RECORD_STATE.gone) this.#markGone(segment, index);
    }
  }

  release(tickets: readonly StoreTicket[]): void {
    // Before memory lets go of them.
    this.#log.commit();
    this.#refused.released(tickets);
    for (const ticket of tickets) {
      const segment = this.#book.segmentOf(ticket);
      const index = recordNumber(ticket);
      if (segment?.state(index) === RECORD_STATE.held) this.#book.set(segment, index, RECORD_STATE.available);
    }
  }

  read(limits: { readonly maxEvents: number; readonly maxBytes: number }): Promise<ReadRecord[]> {
    return this.#availableRecords.read(limits);
  }

  async close(): Promise<void> {
    await this.#heartbeat.stop();
    await this.#adopter.stop();
    await this.#availableRecords.idle();
    this.#log.end();
    await this.#acks.stop();
    this.#tryAgain();
    await this.#diskQueue.idle();
    this.#storeLog.undeleted(this.#undeleted);
    await this.#log.leave();
  }

  /** What the disk refused before, it may do now. */
  #tryAgain(): void {
    this.#log.verify();
    this.#availableRecords.forget();
    for (const segment of this.#undeleted.keys()) this.#disposeIfDone(segment);
  }

  #markGone(segment: Segment, index: number): void {
    this.#book.set(segment, index, RECORD_STATE.gone);
    if (segment.left > 0) this.#acks.add(segment, index);
    else if (this.#log.isWriting(segment)) {
      this.#acks.add(segment, index);
      this.#log.emptied();
    } else this.#disposeIfDone(segment);
  }

  #disposeIfDone(segment: Segment): void {
    if (segment.left > 0 || !this.#book.has(segment)) return;
    this.#acks.forget(segment);
    void this.#diskQueue.run(() => this.#dispose(segment));
  }

  async #dispose(segment: Segment): Promise<void> {
    if (!this.#book.has(segment)) return;
    if (segment.adopted && (await this.#hasLateRecords(segment))) return;
    try {
      // First the records, then the acks: the other way round a crash between them would bring all of them back.
      if (!this.#log.files.keep(segment)) await removeFile(segment.path);
      if (segment.hasAcks) await removeFile(segment.ackPath);
    } catch (error) {
      this.#undeleted.set(segment, error);
      return;
    }
    this.#forget(segment);
    if (segment.adopted) await this.#adopter.segmentGone(segment);
  }

  async #hasLateRecords(segment: Segment): Promise<boolean> {
    const late = await findLateRecords(segment).catch(() => undefined);
    if (late === undefined || !this.#book.has(segment)) return false;
    this.#book.delete(segment);
    for (const span of late.spans) segment.add(span, RECORD_STATE.available);
    segment.bytes = late.bytes;
    segment.end = late.end;
    this.#book.add(segment);
    this.#host.adopted(late.spans.length);
    return true;
  }

  #addAdopted(segments: readonly Segment[]): void {
    let records = 0;
    for (const segment of segments) {
      this.#book.add(segment);
      records += segment.available;
      this.#disposeIfDone(segment);
    }
    if (records > 0) this.#host.adopted(records);
  }

  #vanished(segments: readonly Segment[]): void {
    const before = this.#book.available;
    for (const segment of segments) {
      this.#refused.add(segment.ticketsHeld());
      this.#forget(segment);
    }
    if (this.#book.segments.every(segment => !segment.adopted)) this.#adopter.forgetAll();
    if (before > this.#book.available) this.#host.lost(before - this.#book.available);
  }

  #forget(segment: Segment): void {
    this.#acks.forget(segment);
    this.#book.delete(segment);
    this.#availableRecords.forget(segment);
    this.#undeleted.delete(segment);
  }
}
