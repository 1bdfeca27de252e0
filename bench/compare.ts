// SPDX-License-Identifier: Apache-2.0
import { clockNanos } from './clock.js';
import type { Result, Row, Size, Spread, Target } from './row.js';

/** Many short rounds rather than few long ones: what else the machine does then spoils some, and not the median. */
const ROUNDS = 9;
const WARM_UPS = 2;

/**
 * Runs both sides in turn, after a warm-up, so that a machine whose speed drifts slows both. Bench libraries finish
 * one task before they begin the next, which is why this is not one of them.
 */
export async function compare(row: Row, { short }: Size): Promise<Result> {
  const { name, peer, unit, target } = row;
  const rounds = short ? 1 : (row.rounds ?? ROUNDS);
  const { ours, theirs, close } = await row.open();
  globalThis.gc?.();
  for (let n = 0; n < (short ? 0 : (row.warmUps ?? WARM_UPS)); n++) {
    await ours();
    await theirs();
  }
  const pairs: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    // Each goes first every other time: what one leaves behind for the other evens out.
    const first = round % 2 === 0 ? await ours() : undefined;
    const theirFigure = await theirs();
    pairs.push({ ours: first ?? (await ours()), theirs: theirFigure });
  }
  await close?.();
  const result = {
    name,
    peer,
    unit,
    target,
    ratio: spread(
      pairs.map(pair => (target?.atLeast === undefined ? pair.ours / pair.theirs : pair.theirs / pair.ours)),
    ),
    more: spread(pairs.map(pair => pair.ours - pair.theirs)),
    ours: spread(pairs.map(pair => pair.ours)),
    theirs: spread(pairs.map(pair => pair.theirs)),
    rounds,
  };
  if (!Number.isFinite(result.ours.median) || !Number.isFinite(result.theirs.median)) {
    throw new Error(`no figure: ${name}`);
  }
  return { ...result, met: short || target === undefined ? undefined : isMet(target, result) };
}

function isMet({ atLeast, atMost, atMostMore }: Target, { ratio, more }: { ratio: Spread; more: Spread }) {
  return (
    (atLeast !== undefined && ratio.median >= atLeast) ||
    (atMost !== undefined && ratio.median <= atMost) ||
    (atMostMore !== undefined && more.median <= atMostMore)
  );
}

/**
 * Nanoseconds each of `count` times. No forced collection before: V8 throws optimized code away whose maps have no
 * instance in that moment, and after each one every round would pay for compiling it again, as no service does.
 */
export async function nanosEach(count: number, work: () => void | Promise<void>): Promise<number> {
  const start = clockNanos();
  await work();
  return (clockNanos() - start) / count;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}
