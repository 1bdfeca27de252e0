// SPDX-License-Identifier: Apache-2.0

/**
 * Nanoseconds since some moment: of the clock on the wall, or with `BENCH_CLOCK=cpu` those that this process has spent,
 * V8's own threads included, on a machine that others use too.
 */
export const clockNanos: () => number =
  process.env.BENCH_CLOCK === 'cpu' ? cpuNanos : () => performance.now() * 1e6;

/** Nanoseconds that this process has spent, V8's own threads included: what it costs, collections and compiling too. */
export function cpuNanos(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
}
