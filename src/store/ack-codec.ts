// SPDX-License-Identifier: Apache-2.0
import { crc32 } from './crc32.js';
import { MAX_RECORDS } from './record-layout.js';

/** First and last record number, 16 bits each, and their CRC-32. */
const ENTRY_BYTES = 8;
/** Twice what a segment has in the worst case, one entry a record. */
export const MAX_ACK_BYTES = 2 * MAX_RECORDS * ENTRY_BYTES;
/** Bytes that are passed over in search of the next entry: a few blocks of a file system. */
const MAX_SKIPPED_BYTES = 32_768;

/** The numbers of removed records as entries of an ack file: one entry a run. */
export function encodeAcks(indexes: readonly number[]): Buffer {
  const sorted = Uint32Array.from(indexes).sort();
  const runs: { first: number; last: number }[] = [];
  for (const index of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && index <= run.last + 1) run.last = index;
    else runs.push({ first: index, last: index });
  }
  const entries = Buffer.alloc(runs.length * ENTRY_BYTES);
  for (const [number, { first, last }] of runs.entries()) {
    const at = number * ENTRY_BYTES;
    entries.writeUInt16LE(first, at);
    entries.writeUInt16LE(last, at + 2);
    entries.writeUInt32LE(crc32(entries.subarray(at, at + 4)), at + 4);
  }
  return entries;
}

/**
 * Runs of removed records. An entry whose checksum is wrong is skipped byte by byte until one is right: what it said
 * is forgotten, so its records are sent once more, and no record is lost by it. Never throws.
 */
export function decodeAcks(file: Buffer): { readonly first: number; readonly last: number }[] {
  const runs: { first: number; last: number }[] = [];
  let at = 0;
  let skipped = 0;
  while (at + ENTRY_BYTES <= file.length && skipped <= MAX_SKIPPED_BYTES) {
    const first = file.readUInt16LE(at);
    const last = file.readUInt16LE(at + 2);
    const intact = crc32(file.subarray(at, at + 4)) === file.readUInt32LE(at + 4) && first <= last;
    if (intact) runs.push({ first, last });
    at += intact ? ENTRY_BYTES : 1;
    if (!intact) skipped++;
  }
  return runs;
}

/** 1 for each record number that an ack file names. Never throws. */
export function ackedRecords(file: Buffer): Uint8Array {
  // Runs may overlap, and a foreign file may name all records a thousand times: each run costs the same.
  const depths = new Int32Array(MAX_RECORDS + 1);
  for (const { first, last } of decodeAcks(file)) {
    depths[first] = (depths[first] ?? 0) + 1;
    depths[last + 1] = (depths[last + 1] ?? 0) - 1;
  }
  const acked = new Uint8Array(MAX_RECORDS);
  let depth = 0;
  for (let index = 0; index < MAX_RECORDS; index++) {
    depth += depths[index] ?? 0;
    if (depth > 0) acked[index] = 1;
  }
  return acked;
}
