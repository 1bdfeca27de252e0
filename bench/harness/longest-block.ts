// SPDX-License-Identifier: Apache-2.0

/** @returns the longest time between two turns of the event loop while the work is done, milliseconds */
export async function longestBlockDuring(work: () => Promise<unknown>): Promise<number> {
  let [longest, last, isOver] = [0, performance.now(), false];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  look();
  await work();
  isOver = true;
  return longest;
}
