// SPDX-License-Identifier: Apache-2.0
import { dirname, fs } from '../util/builtins.js';
import { BatchSync, syncDirectory } from './batch-sync.js';
import { isFullDisk } from './disk-reserve.js';
import { lookFor, type Place } from './instance-directory.js';
import { Segment } from './segment.js';
import { encodeSegmentHeader } from './segment-header.js';
import type { SpareFile, UsedFile } from './spare-file.js';

/** A full disk takes part of a record and reports success. */
class ShortWrite extends Error {
  override readonly name = 'ShortWrite';
  readonly code = 'ENOSPC';
}

/** The segment that is being written. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #fd: number;
  readonly #spare: SpareFile;
  /** Of the file. */
  #bytes: number;
  readonly #sync: BatchSync | undefined;
  #directorySynced: Promise<void> | undefined;

  /** @throws what the file system says */
  static create(
    id: number,
    path: string,
    createdAt: number,
    spare: SpareFile,
    syncFailed?: (error: unknown) => void,
  ): SegmentWriter {
    const header = encodeSegmentHeader(createdAt);
    const file = spare.take(path, header) ?? newFile(path, header);
    try {
      const segment = new Segment(id, path, createdAt, header.length, false);
      segment.inode = file.inode;
      return new SegmentWriter(segment, file, spare, syncFailed);
    } catch (error) {
      // The stack has ended: a file that is not in the book would keep the directory from being removed.
      fs.closeSync(file.fd);
      fs.unlinkSync(path);
      throw error;
    }
  }

  private constructor(
    segment: Segment,
    { fd, bytes }: UsedFile,
    spare: SpareFile,
    syncFailed?: (error: unknown) => void,
  ) {
    this.segment = segment;
    this.#spare = spare;
    this.#fd = fd;
    this.#bytes = bytes;
    if (syncFailed !== undefined) {
      this.#sync = new BatchSync(fd, syncFailed);
      this.#directorySynced = syncDirectory(dirname(segment.path));
    }
  }

  /** Bytes of zeros at the end of the file. */
  get unusedBytes(): number {
    return Math.max(0, this.#bytes - this.segment.bytes);
  }

  /**
   * One write behind the last record. What a failed one has left there is cut off; where even that fails, the next
   * record is written over it.
   *
   * @throws what the file system says
   */
  append(records: Buffer, length: number): void {
    this.#write(records, length, this.segment.bytes);
  }

  #write(bytes: Buffer, length: number, offset: number): void {
    try {
      const written = fs.writeSync(this.#fd, bytes, 0, length, offset);
      if (written < length) throw new ShortWrite();
    } catch (error) {
      this.#cut(offset);
      if (!isFullDisk(error) || !this.#spare.drop()) throw error;
      this.#write(bytes, length, offset);
    }
    this.#sync?.touch();
  }

  /** Where the file was deleted, or moved away with its directory, what is written would not be found. */
  look(): Place {
    return lookFor(this.segment.path, this.segment.inode);
  }

  /** No more is appended. Zeros are cut off at once, since the store's bounds do not count them. */
  end(): void {
    if (this.unusedBytes > 0) this.#cut(this.segment.bytes);
  }

  async close(): Promise<void> {
    await this.#sync?.idle();
    await this.#directorySynced;
    try {
      fs.closeSync(this.#fd);
    } catch {
      // Some file systems report the failure of an earlier write here; nothing more can be done about it.
    }
  }

  #cut(offset: number): void {
    try {
      fs.ftruncateSync(this.#fd, offset);
      this.#bytes = offset;
    } catch {
      // A torn record or zeros at the end: readers skip them.
    }
  }
}

/** @throws what the file system says */
function newFile(path: string, header: Buffer): UsedFile {
  const fd = fs.openSync(path, 'wx', 0o600);
  try {
    if (fs.writeSync(fd, header, 0, header.length, 0) < header.length) throw new ShortWrite();
    return { path, fd, inode: fs.fstatSync(fd).ino, bytes: header.length };
  } catch (error) {
    fs.closeSync(fd);
    fs.unlinkSync(path);
    throw error;
  }
}
