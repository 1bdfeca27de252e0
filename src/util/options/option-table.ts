// SPDX-License-Identifier: Apache-2.0

/** What a number counts, as docs/options.md has it. */
export type OptionUnit = 'events' | 'batches' | 'ms' | 'bytes' | 'requests' | 'impressions' | 'URL' | 'path';

export type OptionKind =
  | 'count' // a positive whole number
  | 'number' // a positive number
  | 'boolean'
  | 'choice' // one of a few words
  | 'text' // not empty; white space around it is cut
  | 'url' // as text; http or https
  | 'url-template' // as url, with a place for the SDK key or without
  | 'function'
  | 'object' // what has certain methods
  | 'options' // an object with options of its own
  | 'other'; // looked at by the class

export type EnvironmentVariable = `OPTIMIZELY_${string}`;

/** What is to be known of one option. `T` is what it is once it has been resolved. */
export interface OptionRow<T = unknown> {
  readonly kind: OptionKind;
  /** What stands in for a value that is not set or, where the kind allows it, makes no sense. */
  readonly fallback: T;
  readonly unit?: OptionUnit | undefined;
  /** Read by `createOptimizelySpanProcessorFromEnv`. */
  readonly env?: EnvironmentVariable | undefined;
  /** Of a choice. */
  readonly values?: readonly string[] | undefined;
  /** Of an object. */
  readonly methods?: readonly string[] | undefined;
  /** Of an object with options of its own. */
  readonly members?: AnyOptionTable | undefined;
  /** How to write it, where a wrong value is a TypeError. */
  readonly example?: string | undefined;
}

/** Rows by the option's name. */
export type AnyOptionTable = Readonly<Record<string, OptionRow>>;

/** Names every option of `Options`, and no others. */
export type OptionTable<Options> = { readonly [Name in keyof Options]-?: OptionRow };

/** What the options of a table are once they have been resolved. */
export type ResolvedOptions<Table extends AnyOptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends OptionRow<infer Value> ? Value : never;
};

/** What has options: one class or function. */
export interface OptionsOwner<Table extends AnyOptionTable = AnyOptionTable> {
  /** As the application calls it. */
  readonly name: string;
  /** A call that is right. */
  readonly example: string;
  readonly table: Table;
}

export function count(fallback: number, unit?: OptionUnit, env?: EnvironmentVariable): OptionRow<number> {
  return row('count', fallback, { unit, env });
}

export function bytes(fallback: number, env?: EnvironmentVariable): OptionRow<number> {
  return row('number', fallback, { unit: 'bytes', env });
}

/** Milliseconds. */
export function millis(fallback: number, env?: EnvironmentVariable): OptionRow<number> {
  return row('number', fallback, { unit: 'ms', env });
}

export function bool(fallback: boolean, env?: EnvironmentVariable): OptionRow<boolean> {
  return row('boolean', fallback, { env });
}

export function choice<T extends string>(
  fallback: T,
  values: readonly T[],
  env?: EnvironmentVariable,
): OptionRow<T> {
  return row('choice', fallback, { values, env });
}

export function text(example: string, env?: EnvironmentVariable): OptionRow<string | undefined> {
  return row<string | undefined>('text', undefined, { example, env });
}

export function url(
  kind: 'url' | 'url-template',
  example: string,
  env?: EnvironmentVariable,
): OptionRow<string | undefined> {
  return row<string | undefined>(kind, undefined, { unit: 'URL', example, env });
}

export function callback<T>(example: string): OptionRow<T | undefined> {
  return row<T | undefined>('function', undefined, { example });
}

export function object<T>(methods: readonly string[], example: string): OptionRow<T | undefined> {
  return row<T | undefined>('object', undefined, { methods, example });
}

/** An object with options of its own. */
export function options<Table extends AnyOptionTable>(members: Table): OptionRow<ResolvedOptions<Table>> {
  return row('options', {} as ResolvedOptions<Table>, { members });
}

export function other<T>(more: Partial<OptionRow<T>> = {}): OptionRow<T | undefined> {
  return row<T | undefined>('other', undefined, more);
}

/** With all members, so that none is what a dependency has put on Object.prototype. */
function row<T>(kind: OptionKind, fallback: T, more: Partial<OptionRow<T>>): OptionRow<T> {
  const none = undefined;
  return {
    unit: none,
    env: none,
    values: none,
    methods: none,
    members: none,
    example: none,
    ...more,
    kind,
    fallback,
  };
}
