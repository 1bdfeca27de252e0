// SPDX-License-Identifier: Apache-2.0

/** What is there does not fit, and is not ours to change. */
export class MisfitError extends Error {
  override readonly name = 'MisfitError';
}

/** One setting of what is there that does not fit. */
export interface Misfit {
  /** As NATS names it. */
  readonly setting: string;
  readonly found: string;
  readonly wanted: string;
  /** What would happen. */
  readonly because: string;
}

/** @returns a sentence about the first misfit, in which all others are named */
export function describeMisfits(of: string, [first, ...others]: readonly Misfit[]): string | undefined {
  if (first === undefined) return undefined;
  const { setting, found, wanted, because } = first;
  const rest = others.map(misfit => `${misfit.setting} is ${misfit.found}, not ${misfit.wanted}`);
  return `${of}: ${[`${setting} is ${found} and must be ${wanted}: ${because}`, ...rest].join('; ')}`;
}

const NANOS_A_MILLI = 1_000_000;

export function nanos(millis: number): number {
  return millis * NANOS_A_MILLI;
}

/** @returns a duration of NATS's as it is written in its tools, such as `30s` */
export function shownNanos(given: number | undefined): string {
  if (!given) return 'not set';
  const millis = given / NANOS_A_MILLI;
  return millis % 1000 === 0 ? `${millis / 1000}s` : `${millis}ms`;
}

export function shownNumber(given: number | undefined): string {
  return given === undefined || given <= 0 ? 'not set' : String(given);
}
