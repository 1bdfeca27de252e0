// SPDX-License-Identifier: Apache-2.0
import { isZero } from './is-zero.js';
import { claimAt, isIntact, type RecordSpan } from './record-decoder.js';
import { RECORD_MAGIC } from './record-layout.js';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';

export interface SegmentScan {
  readonly header: SegmentHeader['state'];
  /** 0 where the header is damaged: taken for the oldest. */
  readonly createdAt: number;
  readonly spans: readonly RecordSpan[];
  /** Stretches between intact records, or after them, that are none; zeros after them were not written yet. */
  readonly damages: number;
  /** Where the last intact record ends. */
  readonly end: number;
}

/** Work of one turn: bytes that are checked, a few milliseconds. */
const TURN_BYTES = 4_194_304;
/** What it costs to look at one mark, in bytes that could be checked meanwhile. */
const MARK_BYTES = 2_048;
/** So many times the file's bytes are checked for records that claim to reach beyond the next mark. */
const LONG_CLAIMS = 4;

/**
 * Finds every intact record of a segment, whatever lies between them: after a bad one it looks for the next mark at
 * which a record with the right checksum begins. Never throws.
 */
export function scanSegment(file: Buffer): SegmentScan {
  const scan = new Scan(file);
  while (!scan.turn());
  return scan.result;
}

/**
 * The same, with other work of the process in between: a file of many marks takes long.
 *
 * @param pause resolves when others had their turn
 */
export async function scanSegmentInTurns(file: Buffer, pause: () => Promise<unknown>): Promise<SegmentScan> {
  const scan = new Scan(file);
  while (!scan.turn()) await pause();
  return scan.result;
}

class Scan {
  readonly #file: Buffer;
  readonly #header: SegmentHeader;
  readonly #spans: RecordSpan[] = [];
  readonly #seen = new Set<number>();
  #damages: number;
  #offset: number;
  #expected: number;
  #longClaimBytes: number;

  constructor(file: Buffer) {
    this.#file = file;
    this.#header = decodeSegmentHeader(file);
    const { state } = this.#header;
    this.#damages = state === 'damaged' ? 1 : 0;
    this.#offset = state === 'intact' ? SEGMENT_HEADER_BYTES : state === 'damaged' ? 0 : file.length;
    this.#expected = state === 'damaged' ? 0 : this.#offset;
    this.#longClaimBytes = file.length * LONG_CLAIMS;
  }

  get result(): SegmentScan {
    const end = this.#expected;
    const rest = end !== 0 && end < this.#file.length && !isZero(this.#file.subarray(end));
    return {
      header: this.#header.state,
      createdAt: this.#header.state === 'intact' ? this.#header.createdAt : 0,
      spans: this.#spans,
      damages: this.#damages + (rest ? 1 : 0),
      end,
    };
  }

  /** @returns whether the end is reached */
  turn(): boolean {
    const file = this.#file;
    let work = 0;
    while (this.#offset < file.length && work < TURN_BYTES) {
      const mark = file.indexOf(RECORD_MAGIC, this.#offset + 1);
      const next = mark === -1 ? file.length : mark;
      const span = claimAt(file, this.#offset);
      work += MARK_BYTES + next - this.#offset;
      if (span !== undefined && this.#isWorthChecking(span, next)) {
        work += span.length;
        if (isIntact(file, span)) {
          this.#found(span);
          continue;
        }
      }
      this.#offset = next;
    }
    return this.#offset >= file.length;
  }

  /**
   * A record holds no mark but by chance, in one of its numbers: what claims to reach beyond the next one is damaged, or
   * made to be checked for as long as possible.
   */
  #isWorthChecking({ offset, length }: RecordSpan, next: number): boolean {
    if (offset + length <= next) return true;
    this.#longClaimBytes -= length;
    return this.#longClaimBytes >= 0;
  }

  #found(span: RecordSpan): void {
    if (this.#offset !== this.#expected && this.#expected !== 0) this.#damages++;
    // A block that the file system put down twice must not become two events.
    if (!this.#seen.has(span.index)) this.#spans.push(span);
    this.#seen.add(span.index);
    this.#offset += span.length;
    this.#expected = this.#offset;
  }
}
