// SPDX-License-Identifier: Apache-2.0
import { onProcess } from './on-process.js';

/**
 * Flushes when the process has nothing else to do: once, or a dead endpoint would keep it alive for ever, and only
 * while something is pending.
 *
 * @returns a function that undoes it
 */
export function flushOnBeforeExit(pending: () => number, flush: () => Promise<void>): () => void {
  const flushPending = () => {
    if (pending() === 0) return;
    undo();
    void flush();
  };
  // Not before the listeners behind this one have recorded what they have to.
  const undo = onProcess('beforeExit', () => queueMicrotask(flushPending));
  return undo;
}
