// SPDX-License-Identifier: Apache-2.0

/**
 * Flushes when the process has nothing else to do: once, or a dead endpoint would keep it alive for ever, and only
 * while something is pending.
 *
 * @returns undoes it
 */
export function flushOnBeforeExit(pending: () => number, flush: () => Promise<void>): () => void {
  const flushPending = () => {
    if (pending() === 0) return;
    process.off('beforeExit', onBeforeExit);
    void flush();
  };
  // Not before the listeners behind this one have recorded what they have to.
  const onBeforeExit = () => queueMicrotask(flushPending);
  process.on('beforeExit', onBeforeExit);
  return () => process.off('beforeExit', onBeforeExit);
}
