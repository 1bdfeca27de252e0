// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Runtime } from '../model/runtime.js';

/** A longer delay would make Node fire at once. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/** The real clocks. Its timers keep no process alive unless `ref()` is called. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, millis) {
    const timer = setTimeout(callback, Math.min(millis, LONGEST_TIMER_MILLIS)).unref();
    return { clear: () => clearTimeout(timer), ref: () => void timer.ref() };
  },
  random: () => Math.random(),
  uuid: () => randomUUID(),
};
