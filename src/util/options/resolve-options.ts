// SPDX-License-Identifier: Apache-2.0

import type { Logger, PackageLogger } from '../../model/logger.js';
import { isHttpUrl } from '../http-url.js';
import { shownUrl } from '../shown-url.js';
import { fillUrlTemplate } from '../url-template.js';
import { isOwnMethod } from '../wrong-place.js';
import { copyOptions } from './copy-options.js';
import { looksLikeSeconds } from './looks-like-seconds.js';
import type { AnyOptionTable, OptionRow, ResolvedOptions } from './option-table.js';

/**
 * Reads options by their table. A number, boolean or word that makes no sense falls back to the default with an info
 * line, the reference's rule; an option that is not set is not worth a line.
 *
 * @throws TypeError if a text, URL, function or object has the wrong type or form, and no usable default
 */
export function resolveOptions<Table extends AnyOptionTable>(
  table: Table,
  options: { readonly [Name in keyof Table]?: unknown },
  logger: PackageLogger,
  prefix = '',
): ResolvedOptions<Table> {
  const resolved: Record<string, unknown> = {};
  for (const name of Object.keys(table)) {
    const row = table[name] as OptionRow;
    const value = options[name];
    resolved[name] =
      row.members && row.kind === 'options'
        ? resolveMembers(prefix + name, row.members, value, logger)
        : resolveOption(prefix + name, row, value, logger);
  }
  return resolved as ResolvedOptions<Table>;
}

/** @throws TypeError as {@link resolveOptions} */
export function resolveOption(name: string, row: OptionRow, value: unknown, logger: PackageLogger): unknown {
  if (value === undefined) return row.fallback;
  switch (row.kind) {
    case 'count':
    case 'number':
      return numberOr(name, row as OptionRow<number>, value, logger);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return fallBack(name, 'true or false', row.fallback, logger);
    case 'choice':
      if (row.values?.includes(value as string)) return value;
      return fallBack(name, wordsOf(row.values ?? []), `'${row.fallback}'`, logger, row.fallback);
    case 'text':
    case 'url':
    case 'url-template':
      return requireText(name, row, value);
    case 'function':
      if (typeof value === 'function') return value;
      throw new TypeError(`${name} must be a function: ${row.example}`);
    case 'object':
      requireMethods(name, value, row.methods ?? [], row.example ?? '');
      return value;
    case 'options':
    case 'other':
      return value;
  }
}

/** @throws TypeError if one of them can't be read */
export function resolveMembers<Table extends AnyOptionTable>(
  name: string,
  members: Table,
  value: unknown,
  logger: PackageLogger,
): ResolvedOptions<Table> {
  const names = `{ ${Object.keys(members).join(', ')} }`;
  const isObject = value === undefined || (typeof value === 'object' && value !== null);
  if (!isObject) {
    logger.alert('OPTIMIZELY_BAD_OPTION', 'info', `${name} must be ${names}; the defaults are used instead`);
  }
  const owner = { name, example: `{ ${name}: ${names} }`, table: members };
  const options = copyOptions<{ [Name in keyof Table]?: unknown }>(owner, isObject ? value : {});
  return resolveOptions(members, options, logger, `${name}.`);
}

function numberOr(name: string, row: OptionRow<number>, value: unknown, logger: PackageLogger): number {
  const whole = row.kind === 'count';
  if (
    typeof value !== 'number' ||
    !Number.isFinite(value) ||
    value <= 0 ||
    (whole && !Number.isInteger(value))
  ) {
    return fallBack(name, `a positive ${whole ? 'whole ' : ''}number`, row.fallback, logger);
  }
  if (row.unit === 'ms' && looksLikeSeconds(value, row.fallback)) {
    const meant = `${value} milliseconds; write ${value * 1_000} if ${value} seconds are meant`;
    tell(logger, `${name} is ${meant}`, line => logger.alert('OPTIMIZELY_BAD_OPTION', 'warn', line));
  }
  return value;
}

function fallBack<T>(
  name: string,
  expected: string,
  shown: unknown,
  logger: PackageLogger,
  fallback: T = shown as T,
): T {
  const line = `${name} must be ${expected}; the default ${shown} is used instead`;
  tell(logger, line, () => logger.alert('OPTIMIZELY_BAD_OPTION', 'info', line));
  return fallback;
}

function wordsOf(values: readonly string[]): string {
  const quoted = values.map(value => `'${value}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

const told = new WeakMap<object, Set<string>>();

/** A processor and what it makes have some options in common, and one logger: a line once is enough. */
function tell(logger: Logger, line: string, write: (line: string) => void): void {
  const lines = told.get(logger) ?? new Set();
  told.set(logger, lines);
  if (lines.has(line)) return;
  lines.add(line);
  write(line);
}

/** White space around text comes from files and terminals, and is part of no key, token or address. */
function requireText(name: string, { kind, example }: OptionRow, value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') throw new TypeError(`${name} must be a non-empty string: ${example}`);
  if (kind === 'url' && !isHttpUrl(text)) {
    throw new TypeError(`${name} must be an http or https URL, not "${shownUrl(text)}": ${example}`);
  }
  // Not shown: a secret may be part of its path.
  if (kind === 'url-template' && !isHttpUrl(fillUrlTemplate(text, 'key'))) {
    throw new TypeError(`${name} must be an http or https URL: ${example}`);
  }
  return text;
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
    return isOwnMethod(holder?.[method]);
  } catch {
    return true;
  }
}
