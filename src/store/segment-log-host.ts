// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { OwnerRecord } from './owner.js';
import type { RefusedRecords } from './refused-records.js';
import type { Segment } from './segment.js';
import type { SegmentBook } from './segment-book.js';
import type { SerialQueue } from './serial-queue.js';
import type { StoreLog } from './store-log.js';

/** The store that a log of segments belongs to. */
export interface SegmentLogHost {
  readonly directory: string;
  readonly maxBytes: number;
  readonly fsync: 'none' | 'batch';
  readonly commit: 'call' | 'turn';
  readonly owner: OwnerRecord;
  readonly runtime: Runtime;
  readonly logger: PackageLogger;
  readonly storeLog: StoreLog;
  readonly book: SegmentBook;
  readonly diskQueue: SerialQueue;
  readonly refused: RefusedRecords;
  nextSegmentId(): number;
  /** No more is written to this segment. */
  retired(segment: Segment): void;
  /** Files that were deleted or moved from outside. */
  vanished(segments: readonly Segment[]): void;
}
