// SPDX-License-Identifier: Apache-2.0

/**
 * Records at a steady rate. A load that fell behind catches up at once.
 *
 * @param everyMillis the pause between two turns: each costs as much CPU as a few events
 * @returns how many were recorded
 */
export async function paced(
  millis: number,
  eventsAMilli: number,
  record: (n: number) => void,
  everyMillis = 1,
): Promise<number> {
  const total = Math.ceil(millis * eventsAMilli);
  const start = performance.now();
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor((performance.now() - start) * eventsAMilli));
    while (n < due) record(n++);
    await new Promise(resolve => setTimeout(resolve, everyMillis));
  }
  return total;
}
