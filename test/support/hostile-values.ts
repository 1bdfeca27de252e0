// SPDX-License-Identifier: Apache-2.0

/** In every string that stands for a user's data, so that one look finds it where it must not be. */
export const SECRET = 'zq-user-data-zq';

/** Seeded choices (mulberry32), and a note of those made for one case, for the message of a failure. */
export class Chance {
  #state: number;
  #notes: string[] = [];

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  in(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Makes one of the named things, and notes its name. */
  make<T>(makers: Readonly<Record<string, (chance: Chance) => T>>): T {
    const name = this.pick(Object.keys(makers));
    this.note(name);
    return (makers[name] as (chance: Chance) => T)(this);
  }

  note(what: string): void {
    this.#notes.push(what);
  }

  takeNotes(): string {
    return this.#notes.splice(0).join(', ');
  }
}

type Makers<T = unknown> = Readonly<Record<string, (chance: Chance) => T>>;

export function nested(levels: number): unknown {
  let value: unknown = SECRET;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

const DEEP = nested(10_000);
const DEEP_ENOUGH_TO_PASS = nested(500);
const MEGABYTE = SECRET.padEnd(1_000_000, 'é');
const SURROGATES = `${SECRET}\ud800`.repeat(50_000);
const TEN_MEGABYTES = SECRET.padEnd(10_000_000, 'x');

/** What is thrown at us. Its class and code may be logged, its message never. */
export const THROWN: Makers = {
  'an error': () => new Error(SECRET, { cause: SECRET }),
  'a type error': () => new TypeError(SECRET),
  'an error named by a symbol': () => Object.assign(new Error(SECRET), { name: Symbol(SECRET) }),
  'an error named by an object': () => Object.assign(new Error(SECRET), { name: throwingText() }),
  'an error named null': () => Object.assign(new Error(SECRET), { name: null }),
  'an error whose members throw': () =>
    Object.defineProperties(new Error(SECRET), {
      name: { get: thrower(new Error(SECRET)) },
      message: { get: thrower(new Error(SECRET)) },
      code: { get: thrower(new Error(SECRET)) },
    }),
  'an error with a hostile code': () => Object.assign(new Error(SECRET), { code: throwingText() }),
  'a string': () => SECRET,
  undefined: () => undefined,
  null: () => null,
  'a symbol': () => Symbol(SECRET),
  'a bigint': () => 10n,
  'a revoked proxy': () => revoked({}),
  'a proxy that throws': () => throwing({}, new Error(SECRET)),
  'a proxy of an error that throws': () => throwing(new Error(SECRET), new Error(SECRET)),
};

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

function throwingText(): object {
  return {
    toString: thrower(new Error(SECRET)),
    valueOf: thrower(new Error(SECRET)),
    [Symbol.toPrimitive]: thrower(new Error(SECRET)),
  };
}

export function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const TRAPS = [
  'get',
  'set',
  'has',
  'ownKeys',
  'getOwnPropertyDescriptor',
  'getPrototypeOf',
  'defineProperty',
  'isExtensible',
] as const;

/** A proxy whose every trap throws, or one of them. */
export function throwing(target: object, error: unknown, traps: readonly string[] = TRAPS): object {
  return new Proxy(target, Object.fromEntries(traps.map(trap => [trap, thrower(error)])));
}

function cycle(): unknown {
  const value: Record<string, unknown> = { secret: SECRET };
  value.self = value;
  return value;
}

function endless(): unknown {
  return { toJSON: () => ({ next: endless() }) };
}

class Accessors {
  readonly #secret = SECRET;
  get plan(): string {
    return this.#secret;
  }
}

class LyingDate extends Date {
  override getTime(): number {
    return SECRET as unknown as number;
  }
}

/** One by one as a field, a tag, an attribute, or the whole argument. */
const VALUES: Makers = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  0: () => 0,
  '-0': () => -0,
  'a fraction': () => 1.5,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '-Infinity': () => Number.NEGATIVE_INFINITY,
  '2^53': () => 2 ** 53,
  '2^53 + 2': () => 2 ** 53 + 2,
  'the largest number': () => Number.MAX_VALUE,
  'the smallest number': () => Number.MIN_VALUE,
  'a time in seconds': () => 1_700_000_000,
  'a time with a fraction': () => 1_700_000_000_000.9,
  'a bigint': () => 10n,
  'a huge bigint': () => 10n ** 400n,
  "''": () => '',
  'a secret': chance => `${SECRET}-${chance.below(1e9)}`,
  'a number in text': () => '1e309',
  'a lone high surrogate': () => `${SECRET}\ud800`,
  'a lone low surrogate': () => `\udc00${SECRET}`,
  'surrogates the wrong way round': () => `\udc00${SECRET}\ud800`,
  'control characters': () => `${SECRET}\u0000\u001f"\\\u2028\u2029\u007f\ufeff`,
  'text that looks like JSON': () => `"}],"visitor_id":"${SECRET}`,
  __proto__: () => '__proto__',
  constructor: () => 'constructor',
  hasOwnProperty: () => 'hasOwnProperty',
  toString: () => 'toString',
  'a symbol': () => Symbol(SECRET),
  'a well-known symbol': () => Symbol.iterator,
  'a function': () => () => SECRET,
  'a function with toJSON': () => Object.assign(() => SECRET, { toJSON: () => SECRET }),
  'a class': () => Accessors,
  'a class instance': () => new Accessors(),
  'an empty array': () => [],
  'an array': () => [SECRET, Number.NaN, undefined, () => SECRET, Symbol(SECRET), new Date(Number.NaN)],
  'a sparse array': () => new Array(50),
  'an array of bigints': () => [1n],
  'an object': () => ({ secret: SECRET, nested: { secret: [SECRET] } }),
  'an empty object': () => ({}),
  'a null-prototype object': () => Object.assign(Object.create(null), { plan: SECRET, revenue: 5 }),
  'a __proto__ member': () => JSON.parse(`{"__proto__":{"polluted":"${SECRET}","plan":"${SECRET}"},"a":1}`),
  'prototype keys': () =>
    JSON.parse(`{"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1,"toString":"${SECRET}"}`),
  'a date': () => new Date(1_700_000_000_000),
  'an invalid date': () => new Date(Number.NaN),
  'a far date': () => new Date(8.64e15),
  'a date that lies': () => new LyingDate(),
  'no date but of its prototype': () => Object.create(Date.prototype),
  'a proxy of a date': () => new Proxy(new Date(), {}),
  'a map': () => new Map([[SECRET, SECRET]]),
  'a set': () => new Set([SECRET]),
  'a regular expression': () => new RegExp(SECRET),
  'a rejected error': () => new Error(SECRET),
  'a promise': () => Promise.resolve(SECRET),
  // biome-ignore lint/suspicious/noThenProperty: a hostile one
  'a thenable': () => ({ then: thrower(new Error(SECRET)) }),
  'a typed array': () => new Float64Array([1, Number.NaN]),
  'a buffer': () => Buffer.from(SECRET),
  'a boxed string': () => new String(SECRET),
  'a boxed number': () => new Number(1),
  'a boxed bigint': () => Object(1n),
  globalThis: () => globalThis,
  'text that throws': () => throwingText(),
  'a cycle': () => cycle(),
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of an array': () => revoked([]),
  'a proxy of an array': () => new Proxy([SECRET], {}),
  'a proxy that throws': chance => throwing({ a: SECRET }, chance.make(THROWN)),
  'a throwing getter': chance => withGetter({}, 'a', thrower(chance.make(THROWN))),
  'a throwing toJSON': chance => ({ a: SECRET, toJSON: thrower(chance.make(THROWN)) }),
  'a throwing toJSON getter': chance => withGetter({ a: SECRET }, 'toJSON', thrower(chance.make(THROWN))),
  'toJSON gives undefined': () => ({ a: SECRET, toJSON: () => undefined }),
  'toJSON gives null': () => ({ a: SECRET, toJSON: () => null }),
  'toJSON gives text': () => ({ a: 1, toJSON: () => SECRET }),
  'toJSON gives a number': () => ({ a: 1, toJSON: () => 7 }),
  'toJSON gives an array': () => ({ a: 1, toJSON: () => [SECRET] }),
  'toJSON gives a bigint': () => ({ a: 1, toJSON: () => 1n }),
  'toJSON gives a symbol': () => ({ a: 1, toJSON: () => Symbol(SECRET) }),
  'toJSON gives a function': () => ({ a: 1, toJSON: () => () => SECRET }),
  'toJSON gives a cycle': () => ({ a: 1, toJSON: () => cycle() }),
  'toJSON gives another object': () => ({ a: 1, toJSON: () => ({ b: SECRET }) }),
};

/** Costly ones, now and then. */
const HEAVY: Makers = {
  'a megabyte': () => MEGABYTE,
  'many lone surrogates': () => SURROGATES,
  'ten megabytes': () => TEN_MEGABYTES,
  '10,000 levels': () => DEEP,
  '500 levels': () => DEEP_ENOUGH_TO_PASS,
  'toJSON without end': () => endless(),
  'ten thousand members': () =>
    Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`$opt_${n}`, n])),
};

export function hostileValue(chance: Chance): unknown {
  return chance.make(chance.in(1 / 600) ? HEAVY : VALUES);
}

function withGetter(target: object, key: string, get: () => unknown): object {
  return Object.defineProperty(target, key, { get, enumerable: true, configurable: true });
}

type Members = Record<string, unknown>;

/** Ways to wrap an object that may be otherwise good. */
const WRAPPERS: Readonly<Record<string, (members: Members, chance: Chance) => unknown>> = {
  'as it is': members => members,
  frozen: members => Object.freeze(members),
  'without a prototype': members => Object.assign(Object.create(null), members),
  inherited: members => Object.create(members),
  'of a class': members => {
    const { plan: _, ...others } = members;
    return Object.defineProperties(new Accessors(), Object.getOwnPropertyDescriptors(others));
  },
  'not enumerable': members =>
    Object.defineProperties(
      {},
      Object.fromEntries(Object.entries(members).map(([key, value]) => [key, { value }])),
    ),
  'behind getters': members => {
    const wrapped = {};
    for (const key of Object.keys(members)) withGetter(wrapped, key, () => members[key]);
    return wrapped;
  },
  'with a throwing getter': (members, chance) =>
    withGetter({ ...members }, chance.pick(Object.keys(members)), thrower(chance.make(THROWN))),
  'with a getter that throws the second time': (members, chance) => {
    const error = chance.make(THROWN);
    let reads = 0;
    const key = chance.pick(Object.keys(members));
    return withGetter({ ...members }, key, () => {
      if (reads++ > 0) throw error;
      return members[key];
    });
  },
  'with a getter that changes its mind': (members, chance) => {
    const other = hostileValue(chance);
    let reads = 0;
    const key = chance.pick(Object.keys(members).filter(key => key !== 'uuid'));
    return withGetter({ ...members }, key ?? 'a', () => (reads++ === 0 ? members[key] : other));
  },
  'in a proxy': members => new Proxy(members, {}),
  'in a revoked proxy': members => revoked(members),
  'in a proxy that throws': (members, chance) => {
    const trap = chance.pick(TRAPS);
    chance.note(trap);
    return throwing(members, chance.make(THROWN), [trap]);
  },
  'in a proxy that lies about values': (members, chance) => {
    const lie = hostileValue(chance);
    return new Proxy(members, { get: (_, key) => (key === 'uuid' ? undefined : lie) });
  },
  'in a proxy that answers functions': members => new Proxy(members, { get: () => () => SECRET }),
  'in a proxy that lies about keys': (members, chance) => {
    const keys = chance.pick<(string | symbol)[]>([
      [],
      ['plan', SECRET],
      ['plan', 'plan'],
      [Symbol.iterator],
    ]);
    return new Proxy(members, { ownKeys: () => keys });
  },
  'in a proxy that hides its members': members =>
    new Proxy(members, { has: () => false, getOwnPropertyDescriptor: () => undefined }),
  'in a proxy that has everything': members => new Proxy(members, { has: () => true }),
  'in a proxy of another prototype': (members, chance) => {
    const prototype = chance.pick<object | null>([null, Date.prototype, Array.prototype, Error.prototype]);
    return new Proxy(members, { getPrototypeOf: () => prototype });
  },
  'with toJSON': (members, chance) => {
    const answer = hostileValue(chance);
    return { ...members, toJSON: () => answer };
  },
};

/** The members, now and then wrapped so that reading them misbehaves. */
export function wrap(members: Members, chance: Chance, probability: number): unknown {
  if (!chance.in(probability) || Object.keys(members).length === 0) return members;
  const name = chance.pick(Object.keys(WRAPPERS));
  chance.note(name);
  return WRAPPERS[name]?.(members, chance);
}

type AnySpan = Record<PropertyKey, unknown>;

const recording = (members: AnySpan = {}): AnySpan => ({
  isRecording: () => true,
  addEvent() {},
  ...members,
});

/** What stands where a span should: none of these is a reason to lose an event. */
export const SPANS: Makers = {
  null: () => null,
  0: () => 0,
  'a string': () => SECRET,
  'an object': () => ({}),
  'an array': () => [],
  'a function': () => () => SECRET,
  'a revoked proxy': () => revoked({}),
  'a proxy that throws': chance => throwing(recording(), chance.make(THROWN)),
  'isRecording is no function': () => ({ isRecording: true }),
  'isRecording throws': chance => ({ isRecording: thrower(chance.make(THROWN)) }),
  'isRecording answers an object': () => recording({ isRecording: () => ({}) }),
  'no addEvent': () => ({ isRecording: () => true }),
  'addEvent throws': chance => recording({ addEvent: thrower(chance.make(THROWN)) }),
  'addEvent spoils what it gets': () =>
    recording({
      addEvent(_name: string, attributes: Members, time: unknown[]) {
        for (const key of Object.keys(attributes)) delete attributes[key];
        time.length = 0;
        Object.freeze(time);
      },
    }),
  'addEvent stores nonsense': chance => {
    const events: unknown[] = [];
    const stored = chance.pick<unknown>([null, 5, SECRET, Object.freeze({}), revoked({})]);
    return recording({ events, addEvent: () => events.push(stored) });
  },
  'events throws': chance => withGetter(recording(), 'events', thrower(chance.make(THROWN))),
  'events is a revoked proxy': () => recording({ events: revoked([]) }),
  'events is a proxy that throws': chance => recording({ events: throwing([], chance.make(THROWN)) }),
  'resource throws': chance => withGetter(recording(), 'resource', thrower(chance.make(THROWN))),
  'resource is a string': () => recording({ resource: SECRET }),
  'resource is null': () => recording({ resource: null }),
  'resource is a revoked proxy': () => recording({ resource: revoked({}) }),
  'resource is a proxy that throws': chance => recording({ resource: throwing({}, chance.make(THROWN)) }),
  'answers functions': () => new Proxy(recording(), { get: () => () => true }),
  'answers text': () =>
    new Proxy(recording(), { get: (target, key) => (key in target ? target[key] : SECRET) }),
  frozen: () => Object.freeze(recording({ events: Object.freeze([]), resource: Object.freeze({}) })),
  'events that throw': chance => ({ events: [withGetter({}, 'name', thrower(chance.make(THROWN)))] }),
  'a length that lies': () => ({ events: { length: 5 } }),
  'a length that throws': () => ({ events: { length: throwingText() } }),
};
