// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing } from '../model/suppress-tracing.js';

/** Runs it so that no span comes of it; the exporter has mostly seen to that already. */
export function untraced<T>(work: () => T): T {
  const active = context.active();
  return isTracingSuppressed(active) ? work() : context.with(suppressTracing(active), work);
}
