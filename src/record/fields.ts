// SPDX-License-Identifier: Apache-2.0
/** Thrown and caught within this room: names the input field that can't be used. */
export class UnusableField extends Error {
  readonly #field: string;

  constructor(field: string) {
    super(field);
    this.#field = field;
  }

  /** By private member: `instanceof` runs a trap of a proxy that was thrown at us. */
  static nameFrom(error: unknown): string | undefined {
    return typeof error === 'object' && error !== null && #field in error ? error.#field : undefined;
  }
}

/** null counts as absent, as in the decisions of the official SDK. */
export function optionalString(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new UnusableField(field);
  return value;
}

/** As `optionalString`, with `''` counting as absent too. */
export function optionalId(field: string, value: unknown): string | undefined {
  return optionalString(field, value) || undefined;
}

/**
 * A copy: a piece cut from a larger text would keep all of it in memory for as long as the event lives. Cut from one that
 * is a character longer, it is made anew.
 */
export function optionalUuid(field: string, value: unknown): string | undefined {
  const uuid = optionalId(field, value);
  return uuid === undefined ? undefined : ` ${uuid}`.slice(1);
}

export function requiredString(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new UnusableField(field);
  return value;
}

/** Falsy counts as absent, as at Optimizely; anything but a plain container of members is unusable. */
export function optionalObject(field: string, value: unknown): Record<string, unknown> | undefined {
  if (!value) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new UnusableField(field);
  return value as Record<string, unknown>;
}

const FIRST_13_DIGITS = 1e12;
const LAST_13_DIGITS = 1e13;

/** Milliseconds since the epoch. Seconds or microseconds are refused: Optimizely would take them and count nothing. */
export function optionalTimestamp(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const millis = Math.trunc(typeof value === 'number' ? value : millisOfDate(value));
  if (!(millis >= FIRST_13_DIGITS && millis < LAST_13_DIGITS)) throw new UnusableField(field);
  return millis;
}

/** By what a Date is made of: `instanceof` knows neither one of another realm nor one made before fake timers came. */
function millisOfDate(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value as Date);
  } catch {
    return Number.NaN;
  }
}
