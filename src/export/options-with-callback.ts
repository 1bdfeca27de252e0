// SPDX-License-Identifier: Apache-2.0
import { ABORT_SOURCE, type AbortSource, type DispatchOptions } from '../model/event-dispatcher.js';

/** What the options say of a request. */
export interface DescribedRequest extends AbortSource {
  readonly signal: AbortSignal;
  readonly ageMillis: number;
}

const REQUEST = Symbol('request');

type Carrier = DispatchOptions & {
  [REQUEST]: DescribedRequest;
  [ABORT_SOURCE]: AbortSource;
  ageMillis: number;
};

// A getter that all share: V8 keeps one of each function's own, and what that refers to, until a full collection.
const SIGNAL: PropertyDescriptor & ThisType<Carrier> = {
  enumerable: true,
  get() {
    return this[REQUEST].signal;
  },
};

// A descriptor inherits: what a dependency has put on Object.prototype would spoil it.
Object.setPrototypeOf(SIGNAL, null);

/**
 * Serves both generations of dispatchers: a callback that has the options as members. All but the signal is assigned: it
 * costs a twentieth of what defining it does.
 */
export function optionsWithCallback(
  request: DescribedRequest,
  respond: (response: unknown) => void,
): DispatchOptions {
  const carrier = respond as unknown as Carrier;
  carrier[REQUEST] = request;
  carrier[ABORT_SOURCE] = request;
  carrier.ageMillis = request.ageMillis;
  return Object.defineProperty(carrier, 'signal', SIGNAL);
}
