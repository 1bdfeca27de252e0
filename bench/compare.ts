// SPDX-License-Identifier: Apache-2.0

/** Work that is done `count` times; awaited at the end, so that what it started is finished too. */
export type Work = (count: number) => void | Promise<void>;

export interface Measure {
  readonly name: string;
  readonly peer: string;
  readonly count: number;
  readonly ours: Work;
  readonly theirs: Work;
  /** Frees what the work keeps open. */
  readonly close?: () => void;
}

export interface Comparison {
  readonly name: string;
  readonly peer: string;
  /** Our time as a multiple of the peer's, round by round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  /** Medians. */
  readonly nanos: number;
  readonly peerNanos: number;
}

/** Runs both in turn, after a warm-up, so that a machine whose speed drifts slows both. */
export async function compare(
  { name, peer, count, ours, theirs, close }: Measure,
  { rounds, scale }: { rounds: number; scale: number },
): Promise<Comparison> {
  const times = Math.max(20, Math.round(count * scale));
  await time(ours, times);
  await time(theirs, times);
  const pairs: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ ours: await time(ours, times), theirs: await time(theirs, times) });
  }
  close?.();
  const ratios = pairs.map(pair => pair.ours / pair.theirs).sort((a, b) => a - b);
  return {
    name,
    peer,
    ratio: { median: median(ratios), min: ratios[0] ?? Number.NaN, max: ratios.at(-1) ?? Number.NaN },
    nanos: median(pairs.map(pair => pair.ours)),
    peerNanos: median(pairs.map(pair => pair.theirs)),
  };
}

/** Nanoseconds each. */
async function time(work: Work, count: number): Promise<number> {
  globalThis.gc?.();
  const start = performance.now();
  await work(count);
  return ((performance.now() - start) * 1e6) / count;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
