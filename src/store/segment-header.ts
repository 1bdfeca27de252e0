// SPDX-License-Identifier: Apache-2.0
import { crc32 } from './crc32.js';
import { isZero } from './is-zero.js';

const SEGMENT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 24;

const MAGIC = Buffer.from('OPTLYSEG', 'latin1');
const VERSION_AT = 8;
const CREATED_AT = 12;
const CHECKSUM_AT = 20;

/** @param createdAt milliseconds since the epoch */
export function encodeSegmentHeader(createdAt: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(SEGMENT_VERSION, VERSION_AT);
  header.writeDoubleLE(createdAt, CREATED_AT);
  header.writeUInt32LE(crc32(header.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return header;
}

/**
 * `torn`: the process ended before the header was whole, or the machine before any of the file was on the disk. `damaged`: not a header, though intact records may follow.
 * `unknown`: an intact header of another version, whose records we cannot know.
 */
export type SegmentHeader =
  | { readonly state: 'intact'; readonly createdAt: number }
  | { readonly state: 'torn' | 'damaged' | 'unknown' };

export function decodeSegmentHeader(file: Buffer): SegmentHeader {
  if (file.length < SEGMENT_HEADER_BYTES) {
    const start = file.subarray(0, MAGIC.length);
    return { state: start.equals(MAGIC.subarray(0, start.length)) ? 'torn' : 'damaged' };
  }
  const magic = file.subarray(0, MAGIC.length);
  const checksum = crc32(file.subarray(0, CHECKSUM_AT));
  if (!magic.equals(MAGIC) || checksum !== file.readUInt32LE(CHECKSUM_AT)) {
    return { state: isZero(file) ? 'torn' : 'damaged' };
  }
  if (file.readUInt32LE(VERSION_AT) !== SEGMENT_VERSION) return { state: 'unknown' };
  return { state: 'intact', createdAt: file.readDoubleLE(CREATED_AT) };
}
