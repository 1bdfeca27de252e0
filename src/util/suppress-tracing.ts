// SPDX-License-Identifier: Apache-2.0

/** The key by which both SDK lines know that a context is not to be traced: API keys of one name are one symbol. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

interface ContextLike<C> {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): C;
}

let lastGiven: unknown;
let lastSuppressed: unknown;

/**
 * As `suppressTracing` of `@opentelemetry/core`. That package is not depended on: each major of it asks for API versions
 * that the other one refuses, so under pnpm, and wherever peers are strict, no range serves both SDK lines. Made once for
 * one context after another: nearly always it is the root.
 */
export function suppressTracing<C extends ContextLike<C>>(context: C): C {
  if (context.getValue(SUPPRESS_TRACING) === true) return context;
  if (context !== lastGiven) {
    lastGiven = context;
    lastSuppressed = context.setValue(SUPPRESS_TRACING, true);
  }
  return lastSuppressed as C;
}
