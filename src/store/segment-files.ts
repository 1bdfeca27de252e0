// SPDX-License-Identifier: Apache-2.0
import { join } from '../util/builtins.js';
import { InstanceDirectory } from './instance-directory.js';
import { OwnDirectories } from './own-directories.js';
import type { Segment } from './segment.js';
import { ACK_RESERVE_BYTES } from './segment-book.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import type { SegmentLogHost } from './segment-log-host.js';
import { SegmentWriter } from './segment-writer.js';
import { SpareFile } from './spare-file.js';

/** The directories of the segments that we write, and the file of one whose records are gone. */
export class SegmentFiles {
  readonly directories: OwnDirectories;
  readonly spare: SpareFile;
  /** At which a segment is full. */
  readonly segmentBytes: number;
  readonly #host: SegmentLogHost;

  constructor(host: SegmentLogHost) {
    const { directory, owner, runtime, logger, diskQueue, maxBytes } = host;
    this.#host = host;
    this.directories = new OwnDirectories(
      () => InstanceDirectory.create(directory, owner, runtime, logger),
      logger,
    );
    this.spare = new SpareFile(diskQueue);
    this.segmentBytes = Math.min(1_048_576, Math.max(4_096, maxBytes / 8));
  }

  /** At which a segment is not worth keeping whose records are gone; a small store has its room back sooner. */
  get uselessBytes(): number {
    return Math.max(this.segmentBytes / 2, this.segmentBytes - 131_072);
  }

  /** Begins the next segment. @throws what the file system says */
  create(): SegmentWriter {
    const { runtime, fsync, nextSegmentId, storeLog } = this.#host;
    const onSync = fsync === 'batch' ? (error: unknown) => storeLog.syncFailed(error) : undefined;
    return this.directories.use(directory => {
      const id = nextSegmentId();
      const path = join(directory.path, `${String(id).padStart(12, '0')}.seg`);
      return SegmentWriter.create(id, path, runtime.now(), this.spare, onSync);
    });
  }

  /** Whether so many bytes more do. Records are written where a file has zeros, which count nothing therefore. */
  keepsBounds(bytes: number): boolean {
    const { book, maxBytes } = this.#host;
    const total = book.bytes + SEGMENT_HEADER_BYTES + bytes + ACK_RESERVE_BYTES;
    if (total + this.spare.bytes > maxBytes) this.spare.drop();
    return total <= maxBytes;
  }

  /**
   * Keeps the file of a segment whose records are gone, where it is worth it. Never throws.
   *
   * @returns whether the segment's path is free
   */
  keep(segment: Segment): boolean {
    const { segmentBytes } = this;
    const isOfUsualSize = segment.bytes >= segmentBytes / 2 && segment.bytes <= segmentBytes;
    return isOfUsualSize && !segment.adopted && this.spare.keep(segment);
  }
}
