// SPDX-License-Identifier: Apache-2.0

import { EVENTS_A_TURN, turn } from '../workload.js';
import type { Figures } from './row.js';

/** Records the event of that number. */
export type Recorder = (n: number) => void;

/**
 * Takes turns after every 100 events, so that both sides meet the same machine, however it drifts. Each chunk ends when the
 * event loop has turned, by when its batches have left.
 *
 * @returns nanoseconds an event on the wall clock: the low quartile of the chunks, which other work and collections spare
 */
export async function interleave(count: number, ours: Recorder, theirs: Recorder): Promise<Figures> {
  const chunks: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let from = 0; from < count; from += EVENTS_A_TURN) {
    const isOursFirst = (from / EVENTS_A_TURN) % 2 === 0;
    if (isOursFirst) chunks.ours.push(await nanosOfChunk(from, ours));
    chunks.theirs.push(await nanosOfChunk(from, theirs));
    if (!isOursFirst) chunks.ours.push(await nanosOfChunk(from, ours));
  }
  return { ours: lowQuartile(chunks.ours), theirs: lowQuartile(chunks.theirs) };
}

async function nanosOfChunk(from: number, record: Recorder): Promise<number> {
  const start = performance.now();
  for (let n = from; n < from + EVENTS_A_TURN; n++) record(n);
  await turn();
  return ((performance.now() - start) * 1e6) / EVENTS_A_TURN;
}

function lowQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 4)] ?? Number.NaN;
}
