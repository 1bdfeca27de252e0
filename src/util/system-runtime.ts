// SPDX-License-Identifier: Apache-2.0

import type { Runtime } from '../model/runtime.js';
import { RandomUuids } from './random-uuids.js';
import { SystemTimers } from './system-timers.js';

let lastReading = 0;

let shift = 0;

/** No global is kept: tests put fake clocks and uuids in place, and take them away again. */
export const systemRuntime: Runtime = {
  now() {
    const millis = readWallClock();
    isJustSaid = true;
    // At most so often: a test may have stopped the wall clock alone.
    isSameMilli = millis === lastMillis && ++timesSaid < MOST_SHARED;
    if (!isSameMilli) {
      lastMillis = millis;
      timesSaid = 0;
    }
    return millis;
  },
  monotonic() {
    timers.follow();
    return readClock();
  },
  setTimer: (callback, millis) => timers.set(callback, millis),
  random: () => Math.random(),
  uuid() {
    const fake = fakeUuid();
    latestUuid = fake === undefined ? uuids.next() : '';
    return fake ?? latestUuid;
  },
};

const timers = new SystemTimers(readClock);

/** Events in a row that share a reading of the monotonic clock. */
const MOST_SHARED = 16;

let lastMillis = Number.NaN;

let timesSaid = 0;

/** Whether the wall clock was asked since the last acceptance. */
let isJustSaid = false;

/** Whether it said what it had said before. */
let isSameMilli = false;

/** The latest reading for an event; what the wall clock had said, whether it was just then, and whose clock it was. */
const acceptance = { at: 0, millis: Number.NaN, isOfThen: false, clock: undefined as unknown };

/**
 * When an event that a call has just stamped was accepted, monotonic clock in milliseconds. Events of one millisecond share a
 * reading, which takes 45 ns. One that was not stamped by the wall clock has a reading of its own.
 *
 * @param timestamp of the event, milliseconds since the epoch: others, the event store included, ask the wall clock too
 */
export function acceptanceTime(runtime: Runtime, timestamp: number): number {
  if (runtime !== systemRuntime) return runtime.monotonic();
  // A conversion may have the millisecond after.
  const isStamped = isJustSaid && (timestamp === lastMillis || timestamp === lastMillis + 1);
  const isShared =
    isSameMilli && isStamped && acceptance.millis === lastMillis && acceptance.clock === setTimeout;
  stampedElsewhere();
  if (!isShared) {
    acceptance.at = runtime.monotonic();
    acceptance.millis = lastMillis;
    acceptance.isOfThen = isStamped;
    acceptance.clock = setTimeout;
  }
  return acceptance.at;
}

/** Whether the monotonic clock has not come so far. Nearly always without reading it: what it gave before is in the past. */
export function isAhead(runtime: Pick<Runtime, 'monotonic'>, at: number): boolean {
  return (runtime !== systemRuntime || at > lastReading) && at > runtime.monotonic();
}

/** The event that is taken next has a timestamp that this clock did not give: what it said before is no sign of the time. */
export function stampedElsewhere(): void {
  isJustSaid = false;
  isSameMilli = false;
}

/**
 * When an event was accepted by the wall clock, milliseconds since the epoch. Of the latest one that it has stamped, it has
 * said so already: asking it takes 45 ns.
 *
 * @param acceptedAt monotonic clock, whole milliseconds
 */
export function acceptanceEpoch(runtime: Runtime, acceptedAt: number): number {
  const isLatest =
    runtime === systemRuntime &&
    acceptance.isOfThen &&
    Math.trunc(acceptance.at) === acceptedAt &&
    acceptance.clock === setTimeout;
  if (isLatest) return acceptance.millis;
  const epoch = runtime.now() - (runtime.monotonic() - acceptedAt);
  // The wall clock was asked for no event.
  stampedElsewhere();
  return epoch;
}

const uuids = new RandomUuids();

let latestUuid = '';

/** Whether it is the uuid that was made last, of hexadecimal digits and dashes: what has it at hand need not look. */
export function isLatestUuid(uuid: string): boolean {
  return uuid === latestUuid;
}

/** A fake may answer undefined, as `jest.fn()` does: an event stamped with that would spoil its batch. */
function readWallClock(): number {
  const millis: unknown = Date.now();
  // biome-ignore lint/complexity/useDateNow: it is what gave no time
  return Number.isFinite(millis) ? (millis as number) : new Date().getTime();
}

/** Goes on from where the clock before stood, where another one was put in place. */
function readClock(): number {
  const reading = performance.now() + shift;
  if (reading >= lastReading) lastReading = reading;
  else if (reading < lastReading) shift += lastReading - reading;
  return lastReading;
}

let nativeRandomUuid: unknown;

/**
 * What a test has put in place of `crypto.randomUUID` answers, if that is a text: a `jest.fn()` that is told nothing answers
 * undefined, with which all events would count as one. A page that jsdom simulates without TLS has no `randomUUID`, an
 * older one no `crypto`: both are no fakes.
 */
function fakeUuid(): string | undefined {
  const { crypto } = globalThis as { crypto?: { randomUUID?: () => unknown } };
  const given = crypto?.randomUUID;
  if (given === nativeRandomUuid || typeof given !== 'function') return undefined;
  nativeRandomUuid ??= Object.getPrototypeOf(process.getBuiltinModule('node:crypto').webcrypto).randomUUID;
  if (given === nativeRandomUuid) return undefined;
  const uuid = given.call(crypto);
  return typeof uuid === 'string' && uuid !== '' ? uuid : undefined;
}
