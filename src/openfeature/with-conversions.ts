// SPDX-License-Identifier: Apache-2.0
import type { TrackingProvider } from './openfeature-types.js';
import {
  CONVERSION_TABLE,
  type ConversionOptions,
  conversionOptions,
  recordTracked,
  trackedWork,
} from './track-conversion.js';

type Track = TrackingProvider['track'];
type Method = (...args: unknown[]) => unknown;

export const WITH_CONVERSIONS = {
  name: 'withConversions',
  example: 'withConversions(new MyProvider(), { processor })',
  table: CONVERSION_TABLE,
};

/**
 * The provider, with a `track` that also records a conversion; OpenFeature runs no hooks for `client.track()`. The
 * provider's own `track`, if it has one, is called after that. Everything else is the provider's, `this` included, and
 * the provider itself stays as it is.
 *
 * @throws TypeError if the argument is not a provider, or an option has a wrong type and no usable default
 */
export function withConversions<P extends object>(
  provider: P,
  options: ConversionOptions = {},
): P & TrackingProvider {
  if (typeof provider !== 'object' || provider === null) {
    throw new TypeError('withConversions takes a provider: withConversions(new MyProvider())');
  }
  const usable = conversionOptions(WITH_CONVERSIONS, options);
  const track: Track = (name, context, details) => {
    trackedWork.do(() => recordTracked(usable, name, context, details));
    const own: unknown = Reflect.get(provider, 'track');
    if (typeof own === 'function') return Reflect.apply(own, provider, [name, context, details]);
  };
  const members = new WeakMap<Method, Method>();
  const wrapper: object = new Proxy(
    // Not the provider itself: a frozen one would have to answer with its own `track`.
    Object.create(provider, {
      track: { __proto__: null, value: track, enumerable: true, configurable: true, writable: true },
    } as PropertyDescriptorMap),
    {
      get(_, key) {
        if (key === 'track') return track;
        const member: unknown = Reflect.get(provider, key);
        return typeof member === 'function' && key !== 'constructor' ? withThis(member as Method) : member;
      },
      set: (_, key, value) => Reflect.set(provider, key, value),
      deleteProperty: (_, key) => Reflect.deleteProperty(provider, key),
    },
  );

  /** Private members of a class exist on the provider only. */
  function withThis(method: Method): Method {
    let member = members.get(method);
    if (member === undefined) {
      member = new Proxy(method, {
        apply: (target, self, args) => Reflect.apply(target, self === wrapper ? provider : self, args),
      });
      members.set(method, member);
    }
    return member;
  }

  return wrapper as P & TrackingProvider;
}
