// SPDX-License-Identifier: Apache-2.0
import type { LaterReason } from '../model/receipt.js';

/** Seconds, in the middle: how soon it may be otherwise. */
const USUAL_SECONDS: Readonly<Record<LaterReason, number>> = {
  // Another gateway may take it at once.
  draining: 2,
  delivers_only: 30,
  no_datafile: 5,
  // The datafile is looked at again meanwhile.
  unknown_key: 5,
  queue_full: 4,
  sender_share: 4,
  store_unusable: 10,
  store_full: 10,
  not_delivered_in_time: 5,
};

/**
 * When to send again, so that senders that were told at once do not come back at once.
 *
 * @param random from 0 to 1
 * @returns whole seconds, 1 to 30
 */
export function retryAfterSeconds(reason: LaterReason, random: number): number {
  return Math.min(30, Math.max(1, Math.round(USUAL_SECONDS[reason] * (0.5 + random))));
}
