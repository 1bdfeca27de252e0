// SPDX-License-Identifier: Apache-2.0
import type { Logger } from './logger.js';

/**
 * Reads one numeric option. What is not a finite positive number (or, with `integer`, has a fraction) falls back
 * to the default with an info line, the reference's rule; an option that is not set is not worth a line.
 */
export function positiveOr(
  fallback: number,
  name: string,
  value: unknown,
  logger: Logger,
  { integer = false }: { integer?: boolean } = {},
): number {
  if (value === undefined) return fallback;
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value > 0 &&
    (!integer || Number.isInteger(value))
  ) {
    return value;
  }
  logger.info(
    `${name} must be a positive ${integer ? 'whole ' : ''}number; the default ${fallback} is used instead`,
  );
  return fallback;
}

export function booleanOr(fallback: boolean, name: string, value: unknown, logger: Logger): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  logger.info(`${name} must be true or false; the default ${fallback} is used instead`);
  return fallback;
}

/** A programmer's error that no default can mend. */
export function requireMethods(
  name: string,
  value: unknown,
  methods: readonly string[],
  example: string,
): void {
  const holder = value as Record<string, unknown> | null;
  const is = (typeof value === 'object' || typeof value === 'function') && value !== null;
  const missing = is ? methods.filter(method => !hasMethod(holder, method)) : methods;
  if (missing.length > 0) {
    throw new TypeError(
      `${name} must have the method${missing.length > 1 ? 's' : ''} ${missing.join(', ')}: ${example}`,
    );
  }
}

/** A getter that throws is a failure at run time, which is no reason to stop a service from starting. */
function hasMethod(holder: Record<string, unknown> | null, method: string): boolean {
  try {
    return typeof holder?.[method] === 'function';
  } catch {
    return true;
  }
}
