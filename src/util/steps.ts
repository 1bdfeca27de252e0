// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';

/** Long work, cut into steps of less than a millisecond. It can be run in one go or in slices. */
export type Steps<T> = Generator<void, T, void>;

/** A slice ends with the first step that ends later: well below what a user notices. */
const SLICE_MILLIS = 3;
/** Between two slices, for whatever else the process has to do. */
const PAUSE_MILLIS = 1;

/** @throws whatever a step throws */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Runs some steps at once and the others in later turns of the event loop, so that none of them takes long. The process
 * is not kept alive for it.
 *
 * @param signal ends the work between two slices
 * @returns (a promise of) the outcome; undefined if the signal has aborted before
 * @throws (rejects) whatever a step throws
 */
export function runInSlices<T>(
  steps: Steps<T>,
  { monotonic, setTimer }: Pick<Runtime, 'monotonic' | 'setTimer'>,
  signal: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let timer: RuntimeTimer | undefined;
    const end = () => {
      timer?.clear();
      resolve(undefined);
    };
    const runSlice = () => {
      try {
        const startedAt = monotonic();
        do {
          const step = steps.next();
          if (!step.done) continue;
          signal.removeEventListener('abort', end);
          resolve(step.value);
          return;
        } while (monotonic() - startedAt < SLICE_MILLIS);
        timer = setTimer(runSlice, PAUSE_MILLIS);
      } catch (error) {
        signal.removeEventListener('abort', end);
        reject(error);
      }
    };
    if (signal.aborted) return end();
    signal.addEventListener('abort', end);
    runSlice();
  });
}

const ITEMS_A_STEP = 100;

/** Does something with each item, in steps. @param itemsAStep fewer where an item takes long */
export function* forEachInSteps<T>(
  items: readonly T[],
  work: (item: T) => void,
  itemsAStep = ITEMS_A_STEP,
): Steps<void> {
  let left = itemsAStep;
  for (const item of items) {
    work(item);
    if (--left > 0) continue;
    yield;
    left = itemsAStep;
  }
}
