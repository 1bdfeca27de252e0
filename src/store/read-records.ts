// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import { fs } from '../util/builtins.js';
import { NotRegularFile, openRegular } from '../util/regular-file.js';
import type { RecordDecoder, RecordSpan } from './record-decoder.js';
import type { RecordAddress } from './segment-book.js';

export interface ReadRecord {
  readonly ticket: StoreTicket;
  readonly event: StoredEvent;
}

const WINDOW_BYTES = 1_048_576;

/** `lost`: damaged, cut off or deleted. `later`: the file can't be read now. */
export type ReadOutcome = StoredEvent | 'lost' | 'later';

/** Reads records back and checks each one again. Never rejects. @returns one outcome an address, in their order */
export async function readRecords(
  addresses: readonly RecordAddress[],
  decoder: RecordDecoder,
): Promise<ReadOutcome[]> {
  const outcomes: ReadOutcome[] = [];
  while (outcomes.length < addresses.length) await readSegment(addresses, outcomes, decoder);
  return outcomes;
}

/** Goes on with the segment of the first address that has no outcome yet. */
async function readSegment(
  addresses: readonly RecordAddress[],
  outcomes: ReadOutcome[],
  decoder: RecordDecoder,
): Promise<void> {
  const segment = addresses[outcomes.length]?.segment;
  const more = () => segment !== undefined && addresses[outcomes.length]?.segment === segment;
  let handle: FileHandle | undefined;
  try {
    handle = await openRegular(segment?.path ?? '', fs.constants.O_RDONLY);
    while (more()) {
      const window = takeWindow(addresses, outcomes.length);
      for (const outcome of await readWindow(handle, window, decoder)) outcomes.push(outcome);
    }
  } catch (error) {
    const outcome = isGone(error) ? 'lost' : 'later';
    while (more()) outcomes.push(outcome);
  } finally {
    await handle?.close().catch(() => {});
  }
}

function isGone(error: unknown): boolean {
  return error instanceof NotRegularFile || (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Records of one segment that lie close enough to each other for one read. */
function takeWindow(addresses: readonly RecordAddress[], from: number): RecordSpan[] {
  const segment = addresses[from]?.segment;
  const window: RecordSpan[] = [];
  let start = 0;
  for (let at = from; addresses[at] !== undefined && addresses[at]?.segment === segment; at++) {
    const span = segment?.span(addresses[at]?.index ?? 0);
    if (span === undefined) break;
    if (window.length === 0) start = span.offset;
    else if (span.offset < start || span.offset + span.length - start > WINDOW_BYTES) break;
    window.push(span);
  }
  return window;
}

async function readWindow(
  handle: FileHandle,
  window: readonly RecordSpan[],
  decoder: RecordDecoder,
): Promise<ReadOutcome[]> {
  const start = window[0]?.offset ?? 0;
  const end = window.reduce((end, { offset, length }) => Math.max(end, offset + length), start);
  const buffer = Buffer.allocUnsafe(end - start);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
  const read = buffer.subarray(0, bytesRead);
  return window.map(({ index, offset }) => decoder.decode(read, offset - start, index) ?? 'lost');
}
