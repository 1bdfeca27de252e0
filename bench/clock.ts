// SPDX-License-Identifier: Apache-2.0

/**
 * Nanoseconds since some moment: of the clock on the wall, or with `BENCH_CLOCK=cpu` those that this process has spent,
 * V8's own threads included, on a machine that others use too.
 */
export const clockNanos: () => number =
  process.env.BENCH_CLOCK === 'cpu'
    ? () => {
        const { user, system } = process.cpuUsage();
        return (user + system) * 1e3;
      }
    : () => performance.now() * 1e6;
