// SPDX-License-Identifier: Apache-2.0

/** A pending timer. Armed timers never keep the process alive unless `ref()` was called. */
export interface RuntimeTimer {
  clear(): void;
  ref(): void;
}

/**
 * Everything that the package takes from its surroundings except the network. Tests move time through it. The default
 * uses the real clocks.
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
