// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';

/** A timer that is later than this was kept from firing: the process was suspended, or its event loop blocked. */
const STALL_MILLIS = 100;

/**
 * How much longer to wait where a timer fires late. Time in which the process stood still was no time for what is awaited,
 * and an answer that has come meanwhile has yet to be read: timers are first in a turn of the event loop.
 *
 * @param millis how long the timer was to take
 * @returns 0 if it is in time
 */
export function stalledMillis(runtime: Pick<Runtime, 'monotonic'>, dueAt: number, millis: number): number {
  const late = runtime.monotonic() - dueAt;
  return late > STALL_MILLIS ? Math.min(late, millis) : 0;
}

/**
 * Runs work that the caller awaits, for `millis` at most. Its timer keeps the process alive: an awaited promise must
 * settle, whatever else the process has to do. Where the process stood still meanwhile, the work gets that time again, once.
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
  const end = () => {
    controller.abort();
    expire(false);
  };
  const arm = (callback: () => void, after: number) => {
    timer = runtime.setTimer(callback, after);
    timer.ref();
  };
  const dueAt = runtime.monotonic() + millis;
  let timer: RuntimeTimer | undefined;
  arm(() => {
    const more = stalledMillis(runtime, dueAt, millis);
    if (more > 0) arm(end, more);
    else end();
  }, millis);
  try {
    const ended = work(controller.signal).then(() => true);
    ended.catch(() => {});
    return await Promise.race([ended, expired]);
  } finally {
    timer?.clear();
    controller.abort();
  }
}
