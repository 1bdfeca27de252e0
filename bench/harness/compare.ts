// SPDX-License-Identifier: Apache-2.0
import { clockNanos, cpuNanos } from './clock.js';
import type { Figures, Result, Row, Sides, Size, Spread, Target } from './row.js';

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
  const sides = await row.open();
  globalThis.gc?.();
  for (let n = 0; n < (short ? 0 : (row.warmUps ?? WARM_UPS)); n++) await runRound(sides, n);
  const pairs: Figures[] = [];
  for (let round = 0; round < rounds; round++) pairs.push(await runRound(sides, round));
  await sides.close?.();
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

/** Each goes first every other time: what one leaves behind for the other evens out. */
async function runRound(sides: Sides, round: number): Promise<Figures> {
  if ('both' in sides) return sides.both();
  const first = round % 2 === 0 ? await sides.ours() : undefined;
  const theirs = await sides.theirs();
  return { ours: first ?? (await sides.ours()), theirs };
}

export function isMet(
  { atLeast, atMost, atMostMore }: Target,
  { ratio, more }: { readonly ratio: Spread; readonly more: Spread },
): boolean {
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

/** The same in the CPU time of this process, its other threads included: other work on the machine does not count. */
export async function cpuNanosEach(count: number, work: () => void | Promise<void>): Promise<number> {
  const start = cpuNanos();
  await work();
  return (cpuNanos() - start) / count;
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
