// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessor, SerializedEvent } from 'opentelemetry-exporter-optimizely';
import type { VisitorPiece } from '../model/batch-pieces.js';
import type { LaterReason } from '../model/receipt.js';
import { contextBytes } from './context-bytes.js';
import { MessageReceipt } from './message-receipt.js';
import type { OutstandingEvents } from './outstanding-events.js';
import type { Settled } from './owed-receipt.js';

/** What all visitors of a message have in common. */
export type SharedByVisitors = Pick<SerializedEvent, 'context' | 'acceptedAt'>;

/** Hands the events of a message to the exporter, all or none. @returns what becomes of them; never rejects */
export function takeMessage(
  visitors: readonly VisitorPiece[],
  { context, acceptedAt: exactly }: SharedByVisitors,
  sender: string,
  {
    outstanding,
    processor,
  }: {
    readonly outstanding: OutstandingEvents;
    readonly processor: Pick<OptimizelySpanProcessor, 'process'>;
  },
): Promise<Settled> | LaterReason | 'too_large' {
  let bytes = 0;
  for (const { byteLength } of visitors) bytes += byteLength;
  const events = visitors.length;
  // There is nothing to wait for.
  if (events === 0) return new MessageReceipt(0, () => {}).answer;
  const ended = outstanding.hold(sender, { events, bytes, contextBytes: contextBytes({ context }) });
  if (typeof ended === 'string') return ended;
  const settlement = new MessageReceipt(events, ended);
  // A whole number is kept in place, a fraction as an object of its own for each event.
  const acceptedAt = Math.floor(exactly);
  for (const { type, uuid, json, byteLength } of visitors)
    processor.process({ type, uuid, context, json, byteLength, acceptedAt, settlement }, undefined, null);
  return settlement.answer;
}
