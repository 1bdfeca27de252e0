// SPDX-License-Identifier: Apache-2.0
import type { InstalledProcessor } from '../model/installed-processor.js';

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

/** A descriptor of a class, which costs half of what a literal without a prototype does. */
class Hidden implements PropertyDescriptor {
  value: Offered = 'everyone';
  readonly configurable = true;

  // A descriptor inherits: what a dependency has put on Object.prototype would spoil it.
  static {
    Object.setPrototypeOf(Hidden.prototype, null);
  }
}

/** One for all marks: while it is there, a full collection leaves the code alone that V8 optimized for it. */
const HIDDEN = new Hidden();

export function markOffered(carrier: object, offered: Offered): void {
  HIDDEN.value = offered;
  // Not enumerable: exporters that print span events, and tests that compare them, see what they always saw.
  // A frozen carrier stays unmarked: Optimizely then counts what is sent twice once.
  Reflect.defineProperty(carrier, OFFERED, HIDDEN);
  HIDDEN.value = 'everyone';
}

export function wasOffered(event: StoredSpanEvent, processor: InstalledProcessor): boolean {
  const offered = offeredOf(event);
  return offered !== undefined && (offered === 'everyone' || offered.includes(processor));
}

/**
 * After a harvest: the processor may see the same event twice.
 *
 * @param carrier where to put the mark: the event, or a time that no other event has
 */
export function addOffered(
  event: StoredSpanEvent,
  processor: InstalledProcessor,
  carrier: object = event,
): void {
  const offered = offeredOf(event);
  if (offered === 'everyone') return;
  markOffered(carrier, offered === undefined ? [processor] : [...offered, processor]);
}

function offeredOf(event: StoredSpanEvent): Offered | undefined {
  // A wrapped span hides its stored events, and a log record may become a span event: the mark is then on the time.
  return (event as Markable)[OFFERED] ?? (event.time as Markable | undefined)?.[OFFERED];
}
