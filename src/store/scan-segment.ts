// SPDX-License-Identifier: Apache-2.0
import { type RecordSpan, spanAt } from './record-decoder.js';
import { RECORD_MAGIC } from './record-layout.js';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';

export interface SegmentScan {
  readonly header: SegmentHeader['state'];
  /** 0 where the header is damaged: taken for the oldest. */
  readonly createdAt: number;
  readonly spans: readonly RecordSpan[];
  /** Stretches between intact records, or after them, that are none. */
  readonly damages: number;
}

/**
 * Finds every intact record of a segment, whatever lies between them: after a bad one it looks for the next mark at
 * which a record with the right checksum begins. Never throws.
 */
export function scanSegment(file: Buffer): SegmentScan {
  const header = decodeSegmentHeader(file);
  const createdAt = header.state === 'intact' ? header.createdAt : 0;
  if (header.state === 'unknown' || header.state === 'torn') {
    return { header: header.state, createdAt, spans: [], damages: 0 };
  }
  const spans: RecordSpan[] = [];
  const seen = new Set<number>();
  let damages = header.state === 'damaged' ? 1 : 0;
  let offset = header.state === 'damaged' ? 0 : SEGMENT_HEADER_BYTES;
  let expected = offset;
  while (offset < file.length) {
    const span = spanAt(file, offset);
    if (span === undefined) {
      const next = file.indexOf(RECORD_MAGIC, offset + 1);
      offset = next === -1 ? file.length : next;
      continue;
    }
    if (offset !== expected && expected !== 0) damages++;
    // A block that the file system put down twice must not become two events.
    if (!seen.has(span.index)) spans.push(span);
    seen.add(span.index);
    offset += span.length;
    expected = offset;
  }
  if (expected !== 0 && expected < file.length) damages++;
  return { header: header.state, createdAt, spans, damages };
}
