// SPDX-License-Identifier: Apache-2.0
import type { InstalledProcessor } from './registry.js';

/** `everyone`: recorded through one processor, which alone was to get it. */
export type Offered = readonly InstalledProcessor[] | 'everyone';

/**
 * On the span's stored event, not among its attributes: those are cut by span limits and would show in the trace.
 * It lists every processor that was offered the event, whatever it answered.
 */
const OFFERED = Symbol.for('opentelemetry-exporter-optimizely.offered.v1');

type Markable = { readonly [OFFERED]?: Offered };

export interface StoredSpanEvent {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly time: readonly [number, number];
}

export function markOffered(carrier: object, offered: Offered): void {
  // Not enumerable: exporters that print span events, and tests that compare them, see what they always saw.
  // A frozen carrier stays unmarked: Optimizely then counts what is sent twice once.
  Reflect.defineProperty(carrier, OFFERED, { value: offered, configurable: true });
}

export function wasOffered(event: StoredSpanEvent, processor: InstalledProcessor): boolean {
  // A wrapped span hides its stored events, so the mark is then on the time that was handed to addEvent.
  const offered = (event as Markable)[OFFERED] ?? (event.time as Markable)[OFFERED];
  return offered !== undefined && (offered === 'everyone' || offered.includes(processor));
}

/** After a harvest: the processor may see the same span end twice. */
export function addOffered(event: StoredSpanEvent, processor: InstalledProcessor): void {
  const offered = (event as Markable)[OFFERED];
  if (offered === 'everyone') return;
  markOffered(event, offered === undefined ? [processor] : [...offered, processor]);
}
