// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';
import { FileTooLarge, NotRegularFile, readRegular } from '../util/regular-file.js';
import { ackedRecords, MAX_ACK_BYTES } from './ack-codec.js';
import { MAX_RECORDS, MAX_SEGMENT_BYTES } from './record-layout.js';
import { type SegmentScan, scanSegmentInTurns } from './scan-segment.js';
import { RECORD_STATE, Segment } from './segment.js';

/** `unreadable`: of another version, or not a segment; it is left alone. `empty`: a start that was not finished. */
export type LoadedSegment =
  | { readonly state: 'loaded'; readonly segment: Segment; readonly damages: number }
  | { readonly state: 'unreadable' | 'empty' };

/** Takes stock of a segment of an earlier life. Rejects with what the file system says. */
export async function loadSegment(path: string, id: number): Promise<LoadedSegment> {
  const found = await scanFile(path);
  if (found === undefined) return { state: 'unreadable' };
  const { header, createdAt, spans, damages, bytes, end } = found;
  if (header === 'torn') {
    await fs.promises.unlink(path);
    return { state: 'empty' };
  }
  if (header === 'unknown' || (header === 'damaged' && spans.length === 0)) return { state: 'unreadable' };
  const segment = new Segment(id, path, createdAt, bytes, true);
  segment.end = end;
  const removed = await readAcks(segment.ackPath);
  for (const span of spans) {
    segment.add(span, removed[span.index] === 1 ? RECORD_STATE.gone : RECORD_STATE.available);
  }
  return { state: 'loaded', segment, damages };
}

/**
 * Looks once more before an adopted segment goes: an owner that was taken for dead too early may have written on.
 * Rejects with what the file system says.
 *
 * @returns undefined if it has not
 */
export async function findLateRecords(
  segment: Segment,
): Promise<(Pick<SegmentScan, 'spans' | 'end'> & { readonly bytes: number }) | undefined> {
  const { size } = await fs.promises.lstat(segment.path);
  // Behind the last record there may be zeros, in whose place the owner has written.
  const found = size > segment.end ? await scanFile(segment.path) : undefined;
  const spans = found?.spans.filter(span => !segment.has(span.index)) ?? [];
  return found && spans.length > 0 ? { ...found, spans } : undefined;
}

/** What is a segment's file. Rejects with what the file system says. @returns undefined if it is none, or too large */
export async function scanFile(
  path: string,
): Promise<(SegmentScan & { readonly file: Buffer; readonly bytes: number }) | undefined> {
  try {
    return await readRegular(path, MAX_SEGMENT_BYTES, async (file, handle) => {
      // Something of the system's, and no timer: those are replaced by tests of the application.
      const scan = await scanSegmentInTurns(file, () => handle.stat());
      return { ...scan, file, bytes: file.length };
    });
  } catch (error) {
    if (error instanceof NotRegularFile || error instanceof FileTooLarge) return undefined;
    throw error;
  }
}

/** 1 for each record number that was removed. Never rejects. */
export async function readAcks(path: string): Promise<Uint8Array> {
  try {
    return await readRegular(path, MAX_ACK_BYTES, ackedRecords);
  } catch {
    // Without it the records are sent once more.
    return new Uint8Array(MAX_RECORDS);
  }
}
