// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import { OnceLog } from './episode-log.js';
import { type PlacedClass, RIGHT_PLACES } from './right-places.js';

/** Where something of this package is put by mistake in JavaScript, which no compiler looks at. */
type Place =
  | 'a span processor'
  | 'an exporter'
  | 'a span, log or metric exporter'
  | 'a log record processor'
  | 'an instrumentation'
  | 'a metric reader';

/** By these methods the places know what they were given. */
const HOT: Readonly<Record<string, Place>> = {
  onStart: 'a span processor',
  onEnd: 'a span processor',
  export: 'an exporter',
  onEmit: 'a log record processor',
};
/** These are called while the SDK is set up, where a TypeError is seen at once. */
const AT_REGISTRATION: Readonly<Record<string, Place>> = {
  setTracerProvider: 'an instrumentation',
  setMeterProvider: 'an instrumentation',
  getConfig: 'an instrumentation',
  setMetricProducer: 'a metric reader',
};

/** On a method that is there only to say that it is called in a wrong place. */
const ONLY_REFUSES = Symbol.for('opentelemetry-exporter-optimizely.only-refuses.v1');

/**
 * Gives an object methods by which OpenTelemetry's SDK calls it where it does not belong. What is called at registration
 * throws a TypeError. What the application's own calls lead to (`startSpan()`, `logger.emit()`) never throws, and is an
 * error in the log instead, once; exports fail with a TypeError.
 *
 * @param target keeps the methods that it has
 */
export function refuseWrongPlaces(target: object, name: PlacedClass, logger: PackageLogger): void {
  const refusal = new WrongPlace(name, logger);
  for (const [method, place] of Object.entries(AT_REGISTRATION)) {
    define(target, method, () => {
      throw refusal.error(place);
    });
  }
  for (const [method, place] of Object.entries(HOT)) {
    define(target, method, (_item: unknown, resultCallback: unknown) => refusal.say(place, resultCallback));
  }
  for (const method of ['forceFlush', 'shutdown']) define(target, method, async () => {});
}

/** Says that something is in a wrong place. */
export class WrongPlace {
  readonly #name: PlacedClass;
  readonly #logger: PackageLogger;
  readonly #said = new OnceLog();

  constructor(name: PlacedClass, logger: PackageLogger) {
    this.#name = name;
    this.#logger = logger;
  }

  error(place: Place): TypeError {
    return new TypeError(`${this.#name} is not ${place}: ${RIGHT_PLACES[this.#name]}`);
  }

  /** @param resultCallback of an export, which fails; anything else is left alone. Never throws. */
  say(place: Place, resultCallback?: unknown): void {
    try {
      const error = this.error(place);
      if (this.#said.first(place)) this.#logger.alert('OPTIMIZELY_WRONG_PLACE', 'error', error.message);
      if (typeof resultCallback === 'function') resultCallback({ code: 1, error });
    } catch {
      // The stack has ended, or the callback throws.
    }
  }
}

/** Whether a method does what its name says. */
export function isOwnMethod(method: unknown): method is (...args: never[]) => unknown {
  return typeof method === 'function' && !Object.hasOwn(method, ONLY_REFUSES);
}

function define(target: object, method: string, value: (...args: unknown[]) => unknown): void {
  if (method in target) return;
  const mark = { __proto__: null, value: true };
  Reflect.defineProperty(value, ONLY_REFUSES, mark as PropertyDescriptor);
  // Not enumerable: what shows or copies the object is not to see it.
  const hidden = { __proto__: null, value, writable: true, configurable: true };
  Reflect.defineProperty(target, method, hidden as PropertyDescriptor);
}
