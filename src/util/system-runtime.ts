// SPDX-License-Identifier: Apache-2.0

import type { Runtime } from '../model/runtime.js';
import { RandomUuids } from './random-uuids.js';
import { SystemTimers } from './system-timers.js';

let lastReading = 0;

let shift = 0;

/** No global is kept: tests put fake clocks and uuids in place, and take them away again. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic() {
    timers.follow();
    return readClock();
  },
  setTimer: (callback, millis) => timers.set(callback, millis),
  random: () => Math.random(),
  uuid() {
    const fake = fakeRandomUuid();
    latestUuid = fake === undefined ? uuids.next() : '';
    return fake?.() ?? latestUuid;
  },
};

const timers = new SystemTimers(readClock);

const uuids = new RandomUuids();

let latestUuid = '';

/** Whether it is the uuid that was made last, of hexadecimal digits and dashes: what has it at hand need not look. */
export function isLatestUuid(uuid: string): boolean {
  return uuid === latestUuid;
}

/** Goes on from where the clock before stood, where another one was put in place. */
function readClock(): number {
  const reading = performance.now() + shift;
  if (reading >= lastReading) lastReading = reading;
  else if (reading < lastReading) shift += lastReading - reading;
  return lastReading;
}

let nativeRandomUuid: unknown;

/** A page that jsdom simulates without TLS has no `randomUUID`, an older one no `crypto`: both are no fakes. */
function fakeRandomUuid(): (() => string) | undefined {
  const { crypto } = globalThis as { crypto?: { randomUUID?: () => string } };
  const given = crypto?.randomUUID;
  if (given === nativeRandomUuid || typeof given !== 'function') return undefined;
  nativeRandomUuid ??= Object.getPrototypeOf(process.getBuiltinModule('node:crypto').webcrypto).randomUUID;
  return given === nativeRandomUuid ? undefined : () => given.call(crypto);
}
