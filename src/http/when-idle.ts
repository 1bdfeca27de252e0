// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

const LOOK_MILLIS = 250;
/** Busier than that, and a service is starting or under load. */
const MOST_UTILIZATION = 0.5;
/** Ten seconds; after that it is done when it is needed. */
const MOST_LOOKS = 40;

/** Milliseconds that the event loop has been active and idle. */
export interface LoopTimes {
  readonly active: number;
  readonly idle: number;
}

/**
 * Does some work as soon as the event loop has little to do, and not at all if that takes too long. It never keeps the
 * process alive.
 *
 * @returns a function that undoes it
 */
export function whenIdle(
  { setTimer }: Pick<Runtime, 'setTimer'>,
  work: () => void,
  loopTimes: () => LoopTimes = timesOfThisLoop,
): () => void {
  const lookAgain = (before: LoopTimes, looks: number) =>
    setTimer(() => {
      const now = loopTimes();
      const active = now.active - before.active;
      const idle = now.idle - before.idle;
      if (active <= MOST_UTILIZATION * (active + idle)) work();
      else if (looks < MOST_LOOKS) timer = lookAgain(now, looks + 1);
    }, LOOK_MILLIS);
  let timer = lookAgain(loopTimes(), 1);
  return () => timer.clear();
}

function timesOfThisLoop(): LoopTimes {
  return process.getBuiltinModule('node:perf_hooks').performance.eventLoopUtilization();
}
