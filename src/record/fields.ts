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

type Fields = Record<string, unknown>;

/** null counts as absent, as in the decisions of the official SDK. */
export function optionalString(input: Fields, field: string): string | undefined {
  const value = input[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new UnusableField(field);
  return value;
}

/** As `optionalString`, with `''` counting as absent too. */
export function optionalId(input: Fields, field: string): string | undefined {
  return optionalString(input, field) || undefined;
}

/** A copy: a piece cut from a larger text would keep all of it in memory for as long as the event lives. */
export function optionalUuid(input: Fields, field: string): string | undefined {
  const uuid = optionalId(input, field);
  return uuid === undefined ? undefined : (JSON.parse(JSON.stringify(uuid)) as string);
}

export function requiredString(input: Fields, field: string): string {
  const value = input[field];
  if (typeof value !== 'string') throw new UnusableField(field);
  return value;
}

/** Falsy counts as absent, as at Optimizely; anything but a plain container of members is unusable. */
export function optionalObject(input: Fields, field: string): Record<string, unknown> | undefined {
  const value = input[field];
  if (!value) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new UnusableField(field);
  return value as Record<string, unknown>;
}

const FIRST_13_DIGITS = 1e12;
const LAST_13_DIGITS = 1e13;

/** Milliseconds since the epoch. Seconds or microseconds are refused: Optimizely would take them and count nothing. */
export function timestampOr(now: () => number, input: Fields, field: string): number {
  const value = input[field];
  if (value === undefined || value === null) return Math.trunc(now());
  const millis = Math.trunc(
    value instanceof Date ? value.getTime() : typeof value === 'number' ? value : Number.NaN,
  );
  if (!(millis >= FIRST_13_DIGITS && millis < LAST_13_DIGITS)) throw new UnusableField(field);
  return millis;
}
