// SPDX-License-Identifier: Apache-2.0

// docs/store-format.md has the whole layout; all numbers are little-endian.

/** 0xff and 0xfe never occur in UTF-8, so that no text of a user's can look like the start of a record. */
export const RECORD_MAGIC = Buffer.from([0xff, 0x6f, 0x72, 0xfe]);
export const RECORD_MAGIC_NUMBER = RECORD_MAGIC.readUInt32LE(0);

export const RECORD_AT = {
  /** CRC-32 of all that follows it. */
  checksum: 4,
  /** Bytes of the whole record. */
  length: 8,
  /** Number of the record in its segment, from 0. */
  index: 12,
  kind: 16,
  /** Milliseconds since the epoch, a double. */
  acceptedAt: 20,
  uuidBytes: 28,
  contextBytes: 32,
  /** uuid, context and JSON, one after the other. */
  texts: 36,
} as const;

export const RECORD_KIND = { impression: 1, conversion: 2, unresolved: 3 } as const;

/** A segment takes no more: a ticket has 16 bits for a record's number. */
export const MAX_RECORDS = 65_536;

/**
 * A file that is larger was not written by us: a segment is rolled at 1 MiB, and one record that is longer stands alone
 * in its segment. What is read at once, and kept in memory meanwhile, has a bound by it.
 */
export const MAX_SEGMENT_BYTES = 33_554_432;
