// SPDX-License-Identifier: Apache-2.0

import type { Runtime } from '../model/runtime.js';
import { SystemTimers } from './system-timers.js';

let lastReading = 0;

let shift = 0;

/** No global is kept: tests put fake clocks in place, and take them away again. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic() {
    timers.follow();
    return readClock();
  },
  setTimer: (callback, millis) => timers.set(callback, millis),
  random: () => Math.random(),
  uuid: () => (hasRandomUuid() ? crypto : process.getBuiltinModule('node:crypto')).randomUUID(),
};

const timers = new SystemTimers(readClock);

/** Goes on from where the clock before stood, where another one was put in place. */
function readClock(): number {
  const reading = performance.now() + shift;
  if (reading >= lastReading) lastReading = reading;
  else if (reading < lastReading) shift += lastReading - reading;
  return lastReading;
}

/** A page that jsdom simulates without TLS has no `randomUUID`, an older one no `crypto`. */
function hasRandomUuid(): boolean {
  return typeof (globalThis.crypto as { randomUUID?: unknown } | undefined)?.randomUUID === 'function';
}
