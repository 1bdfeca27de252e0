// SPDX-License-Identifier: Apache-2.0

/**
 * Runs asynchronous work when it is asked for: never twice at once, and at most once in `millis`. What is asked for
 * meanwhile is done once, afterwards.
 */
export function throttle(millis: number, work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      const rest = new Promise(resolve => setTimeout(resolve, millis));
      // The server is away: the next message brings what was missed.
      await work().catch(() => {});
      await rest;
    } while (again);
    running = false;
  };
  return () => void run();
}
