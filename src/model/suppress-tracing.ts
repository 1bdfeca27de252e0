// SPDX-License-Identifier: Apache-2.0

/** The key by which both SDK lines know that a context is not to be traced: API keys of one name are one symbol. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * As `suppressTracing` of `@opentelemetry/core`. That package is not depended on: each major of it asks for API versions
 * that the other one refuses, so under pnpm, and wherever peers are strict, no range serves both SDK lines.
 */
export function suppressTracing<C extends { setValue(key: symbol, value: unknown): C }>(context: C): C {
  return context.setValue(SUPPRESS_TRACING, true);
}

export function isTracingSuppressed(context: { getValue(key: symbol): unknown }): boolean {
  return context.getValue(SUPPRESS_TRACING) === true;
}
