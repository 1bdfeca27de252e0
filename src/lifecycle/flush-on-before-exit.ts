// SPDX-License-Identifier: Apache-2.0

/**
 * Flushes when the process has nothing else to do: once, or a dead endpoint would keep it alive for ever, and only
 * while something is pending.
 *
 * @returns undoes it
 */
export function flushOnBeforeExit(pending: () => number, flush: () => Promise<void>): () => void {
  const onBeforeExit = () => {
    if (pending() === 0) return;
    process.off('beforeExit', onBeforeExit);
    void flush();
  };
  process.on('beforeExit', onBeforeExit);
  return () => process.off('beforeExit', onBeforeExit);
}
