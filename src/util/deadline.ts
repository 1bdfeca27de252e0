// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

/**
 * Runs work that the caller awaits, for `millis` at most. Its timer keeps the process alive: an awaited promise must
 * settle, whatever else the process has to do.
 *
 * @returns whether the work ended in time
 */
export async function withDeadline(
  runtime: Runtime,
  millis: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const controller = new AbortController();
  let expire: (inTime: boolean) => void = () => {};
  const expired = new Promise<boolean>(resolve => {
    expire = resolve;
  });
  const timer = runtime.setTimer(() => {
    controller.abort();
    expire(false);
  }, millis);
  timer.ref();
  try {
    const ended = work(controller.signal).then(() => true);
    ended.catch(() => {});
    return await Promise.race([ended, expired]);
  } finally {
    timer.clear();
    controller.abort();
  }
}
