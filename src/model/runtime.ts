// SPDX-License-Identifier: Apache-2.0

/** A pending timer. Armed timers never keep the process alive unless `ref()` was called. */
export interface RuntimeTimer {
  clear(): void;
  ref(): void;
}

/**
 * Everything the package takes from its surroundings but the network: the one seam through which tests move
 * time. The default reads the real clocks.
 */
export interface Runtime {
  /** Wall clock, milliseconds since the epoch: stamps events. */
  now(): number;
  /** Monotonic clock in milliseconds: measures every duration. */
  monotonic(): number;
  /** Calls back once after `millis`; delays past 2^31 - 1 ms are cut to it. */
  setTimer(callback: () => void, millis: number): RuntimeTimer;
  /** Uniform in [0, 1): jitter. */
  random(): number;
  /** A random (version 4) UUID. */
  uuid(): string;
}

// Node turns a longer delay into 1 ms.
const LONGEST_DELAY_MILLIS = 2_147_483_647;

// Node loads these two when they are first used, behind getters that every further use would go through again.
let clock: typeof performance | undefined;
let randomness: typeof crypto | undefined;

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic() {
    clock ??= performance;
    return clock.now();
  },
  setTimer(callback, millis) {
    const timer = setTimeout(callback, Math.min(Math.max(millis, 0), LONGEST_DELAY_MILLIS));
    timer.unref();
    return { clear: () => clearTimeout(timer), ref: () => void timer.ref() };
  },
  random: () => Math.random(),
  uuid() {
    randomness ??= crypto;
    return randomness.randomUUID();
  },
};
