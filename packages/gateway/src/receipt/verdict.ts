// SPDX-License-Identifier: Apache-2.0
import type { EventOutcome } from 'opentelemetry-exporter-optimizely/capture';
import type { ReceiptMode } from '../model/gateway-config.js';
import type { LaterReason, RefusalReason } from '../model/receipt.js';

/** What that means for its sender. */
export type Verdict =
  | { readonly kind: 'taken' }
  /** A stream has it, from which another gateway delivers. */
  | { readonly kind: 'streamed' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'later'; readonly reason: LaterReason };

export const TAKEN: Verdict = { kind: 'taken' };
const STREAMED: Verdict = { kind: 'streamed' };

/** @param ack what the receipt waits for */
export function verdictOf(outcome: EventOutcome, ack: ReceiptMode): Verdict {
  switch (outcome) {
    case 'delivered':
    // The one that it repeats is on its way, or was delivered.
    case 'deduplicated':
      return TAKEN;
    case 'streamed':
      return STREAMED;
    case 'stored':
      return ack === 'stored' ? TAKEN : { kind: 'later', reason: 'not_delivered_in_time' };
    case 'invalid':
    case 'unknown_key':
    case 'flag_decisions_off':
    case 'no_experiment':
    case 'before_send':
    case 'too_large':
    case 'rejected':
      return { kind: 'refused', reason: outcome };
    case 'queue_full':
    case 'interrupted':
      return { kind: 'later', reason: 'queue_full' };
    case 'store_full':
      return { kind: 'later', reason: 'store_full' };
    case 'unreadable':
      return { kind: 'later', reason: 'store_unusable' };
    case 'no_datafile':
      return { kind: 'later', reason: 'no_datafile' };
    case 'expired':
      return ack === 'settled'
        ? { kind: 'refused', reason: outcome }
        : { kind: 'later', reason: 'not_delivered_in_time' };
    case 'shutdown_timeout':
    case 'already_shutdown':
      return { kind: 'later', reason: 'draining' };
  }
}
