// SPDX-License-Identifier: Apache-2.0

import type { PackageLogger } from '../model/logger.js';
import { environmentVariable } from '../util/environment.js';
import { isHttpUrl } from '../util/http-url.js';
import { editDistance, plainName } from '../util/options/nearest-name.js';
import type { AnyOptionTable, OptionRow } from '../util/options/option-table.js';
import { fillUrlTemplate } from '../util/url-template.js';

const PREFIX = 'OPTIMIZELY_';
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['OPTIMIZELY_SPAN_ATTRIBUTES', 'OPTIMIZELY_TRACE_DETAIL'],
  ['OPTIMIZELY_SIGNAL', 'OPTIMIZELY_EMIT_AS'],
]);

type Parsed = { readonly value: unknown } | { readonly expected: string };

/** Reads environment variables. Empty ones count as unset; nonsense is warned about, without its value, and ignored. */
export class EnvReader {
  readonly #logger: PackageLogger;

  constructor(logger: PackageLogger) {
    this.#logger = logger;
  }

  text(name: string): string | undefined {
    return environmentVariable(name);
  }

  /** @returns what the variables of a table say, by the option's name; members of members likewise */
  options(table: AnyOptionTable): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (const [name, row] of Object.entries(table)) {
      const members = row.members && this.options(row.members);
      const value = members && Object.keys(members).length > 0 ? members : this.#read(row);
      if (value !== undefined) options[name] = value;
    }
    return options;
  }

  /** Warns of variables that are nearly one that is read: other programs have variables of this prefix too. */
  noteMisspelled(tables: readonly AnyOptionTable[]): void {
    const known = tables.flatMap(variablesOf);
    for (const name of Object.keys(process.env)) {
      if (!name.startsWith(PREFIX) || known.includes(name) || this.text(name) === undefined) continue;
      const plain = plainName(name);
      const near =
        RENAMED.get(name) ??
        known.find(one => editDistance(plain, plainName(one)) <= (plain.length > 8 ? 2 : 0));
      if (near !== undefined) this.#warn(`${name} is not read; did you mean ${near}?`);
    }
  }

  #read(row: OptionRow): unknown {
    const text = row.env && this.text(row.env);
    if (text === undefined) return undefined;
    const parsed = parse(row, text);
    if ('value' in parsed) return parsed.value;
    this.#warn(`${row.env} must be ${parsed.expected}; it is ignored`);
    return undefined;
  }

  #warn(line: string): void {
    this.#logger.alert('OPTIMIZELY_BAD_OPTION', 'warn', line);
  }
}

function variablesOf(table: AnyOptionTable): string[] {
  return Object.values(table).flatMap(({ env, members = {} }) => [
    ...(env ? [env] : []),
    ...variablesOf(members),
  ]);
}

function parse({ kind, values = [] }: OptionRow, text: string): Parsed {
  const number = Number(text);
  switch (kind) {
    case 'number':
      return check(Number.isFinite(number) && number > 0, number, 'a positive number');
    case 'count':
      return check(Number.isSafeInteger(number) && number > 0, number, 'a positive whole number');
    case 'boolean':
      return check(/^(true|false)$/i.test(text), text.toLowerCase() === 'true', "'true' or 'false'");
    case 'choice':
      return check(values.includes(text), text, `one of ${values.join(', ')}`);
    case 'url':
      return check(isHttpUrl(text), text, 'an http or https URL');
    case 'url-template':
      return check(isHttpUrl(fillUrlTemplate(text, 'key')), text, 'an http or https URL');
    default:
      return { value: text };
  }
}

function check(fits: boolean, value: unknown, expected: string): Parsed {
  return fits ? { value } : { expected };
}
