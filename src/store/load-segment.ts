// SPDX-License-Identifier: Apache-2.0
import { readFile, stat, unlink } from 'node:fs/promises';
import { decodeAcks } from './ack-codec.js';
import type { RecordSpan } from './record-decoder.js';
import { scanSegment } from './scan-segment.js';
import { RECORD_STATE, Segment } from './segment.js';

/** A larger file was not written by us: segments are rolled at 1 MiB, records are smaller than a payload. */
const MAX_SEGMENT_BYTES = 1_073_741_824;

/** `unreadable`: of another version, or not a segment; it is left alone. `empty`: a start that was not finished. */
export type LoadedSegment =
  | { readonly state: 'loaded'; readonly segment: Segment; readonly damages: number }
  | { readonly state: 'unreadable' | 'empty' };

/** Takes stock of a segment of an earlier life. Rejects with what the file system says. */
export async function loadSegment(path: string, id: number): Promise<LoadedSegment> {
  const { size } = await stat(path);
  if (size > MAX_SEGMENT_BYTES) return { state: 'unreadable' };
  const file = await readFile(path);
  const { header, createdAt, spans, damages } = scanSegment(file);
  if (header === 'torn') {
    await unlink(path);
    return { state: 'empty' };
  }
  if (header === 'unknown' || (header === 'damaged' && spans.length === 0)) return { state: 'unreadable' };
  const segment = new Segment(id, path, createdAt, file.length, true);
  const removed = await readAcks(segment.ackPath);
  for (const span of spans) {
    segment.add(span, removed.has(span.index) ? RECORD_STATE.gone : RECORD_STATE.available);
  }
  return { state: 'loaded', segment, damages };
}

/**
 * Looks once more before an adopted segment goes: an owner that was taken for dead too early may have written on.
 * Rejects with what the file system says.
 */
export async function findLateRecords(
  segment: Segment,
): Promise<{ readonly spans: readonly RecordSpan[]; readonly bytes: number }> {
  const { size } = await stat(segment.path);
  if (size <= segment.bytes) return { spans: [], bytes: segment.bytes };
  const file = await readFile(segment.path);
  const spans = scanSegment(file).spans.filter(span => !segment.has(span.index));
  return { spans, bytes: file.length };
}

export async function readAcks(path: string): Promise<ReadonlySet<number>> {
  const removed = new Set<number>();
  try {
    for (const { first, last } of decodeAcks(await readFile(path))) {
      for (let index = first; index <= last; index++) removed.add(index);
    }
  } catch {
    // Without it the records are sent once more.
  }
  return removed;
}
