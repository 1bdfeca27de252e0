// SPDX-License-Identifier: Apache-2.0

/** Why an event is refused for good. Sending it again would change nothing. */
export type RefusalReason =
  | 'invalid'
  | 'unknown_key'
  | 'unknown_project'
  | 'flag_decisions_off'
  | 'no_experiment'
  | 'before_send'
  | 'too_large'
  | 'rejected'
  | 'expired';

/** Events that are refused for good, for one reason. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly count: number;
  /** A sentence that names the field or key at fault, and no user's data. */
  readonly message: string;
}

/** Why a request is to be sent again later. Nothing in it was taken for good. */
export type LaterReason =
  | 'draining'
  | 'delivers_only'
  | 'no_datafile'
  | 'unknown_key'
  | 'queue_full'
  | 'sender_share'
  | 'store_unusable'
  | 'store_full'
  | 'not_delivered_in_time';

/** Why a request need not be read. */
export type FullReason = Extract<LaterReason, 'queue_full' | 'sender_share'>;

/**
 * What a sender is told. `taken` is a receipt: each event of the request is delivered, or durable, or among the refused.
 */
export type Receipt =
  | {
      readonly status: 'taken';
      readonly refused: readonly Refusal[];
      /** Events that the library delivers itself and shows in the trace only. */
      readonly shownOnly: number;
    }
  | {
      readonly status: 'later';
      readonly reason: LaterReason;
      readonly retryAfterSeconds: number;
      /** Of an OTLP request: a sentence that names the key or project, and no user's data. */
      readonly detail?: string;
    }
  /** More than there would be room for in any case: nothing was taken, and it is to be sent in smaller batches. */
  | { readonly status: 'too_large'; readonly message: string };

/**
 * What the sender of a batch of Optimizely's Events API is told. `malformed`: it is not one, and nothing was taken.
 * `unknown_project`: its project is not known here.
 */
export type BatchReceipt =
  | Receipt
  | { readonly status: 'malformed' | 'unknown_project'; readonly message: string };
