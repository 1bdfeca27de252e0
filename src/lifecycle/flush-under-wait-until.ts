// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { errorLabel } from '../util/error-label.js';
import { isStackOverflow } from '../util/guard.js';

/** The serverless platform's function that keeps the invocation alive until the promise has settled. */
export type WaitUntil = (promise: Promise<unknown>) => unknown;

/**
 * Has the platform wait for a flush. It is asked while the event is recorded, since it tells invocations apart by where
 * it is called; the flush begins in the next turn, and covers what is recorded until then.
 *
 * @returns to be called for each event that was taken
 */
export function flushUnderWaitUntil(
  waitUntil: WaitUntil,
  flush: () => Promise<void>,
  { runtime, logger }: { runtime: Runtime; logger: Logger },
): () => void {
  let isDue = false;
  let failed = false;
  const onError = (error: unknown) => {
    if (!failed) logger.error(`waitUntil failed: ${errorLabel(error)}; events are flushed all the same`);
    failed = true;
  };
  const begin = (resolve: (flushed: Promise<void>) => void) => {
    isDue = true;
    try {
      const timer = runtime.setTimer(() => {
        isDue = false;
        resolve(flush());
      }, 0);
      timer.ref();
    } catch (error) {
      // The stack has ended: the next event asks.
      isDue = false;
      throw error;
    }
  };
  return () => {
    if (isDue) return;
    const flushed = new Promise<void>(begin);
    if (!isDue) {
      // It has rejected: unhandled, that would end the process.
      flushed.catch(() => {});
      return;
    }
    try {
      void Promise.resolve(waitUntil(flushed)).catch(onError);
    } catch (error) {
      // The stack has ended, perhaps before the promise was heard of: the next event asks. To tell may take more stack, too.
      isDue = false;
      if (!isStackOverflow(error)) isDue = true;
      onError(error);
    }
  };
}
