// SPDX-License-Identifier: Apache-2.0

/** Why an event did not reach Optimizely. Every event that is not delivered or pending has exactly one. */
export type DropReason =
  /** A field is missing or of a wrong type. */
  | 'invalid'
  /** The datafile knows no such rule, flag or event. */
  | 'unknown_key'
  /** A `rollout` impression of a project that does not send flag decisions. */
  | 'flag_decisions_off'
  /** A flag evaluation that was held for the first datafile, which then knew no one experiment for it. */
  | 'no_experiment'
  /** `beforeSend` returned null, threw, or returned what is no event. */
  | 'before_send'
  /** The same impression was sent within the window of `dedupe`. */
  | 'deduplicated'
  /** The event alone exceeds `maxPayloadBytes`, or what something on the way takes (413). */
  | 'too_large'
  /** `maxQueueSize` or `maxQueueBytes` is reached. */
  | 'queue_full'
  /** Memory and the event store are full. */
  | 'store_full'
  /** Its record in the event store was damaged after it had been found. */
  | 'unreadable'
  /** The endpoint refused it for good. */
  | 'rejected'
  /** Undelivered for longer than `retry.maxAgeMillis`. */
  | 'expired'
  /** Shut down before any datafile came. */
  | 'no_datafile'
  /** Undelivered when `timeoutIntervalMillis` of a shutdown had passed. */
  | 'shutdown_timeout'
  /** Recorded after shutdown. */
  | 'already_shutdown';

/** One refusal or loss, as `EVENTS_DROPPED` listeners hear of it. Never holds user data. */
export interface DroppedEvents {
  readonly reason: DropReason;
  readonly count: number;
  /** UUIDs of the events, where they had got one. */
  readonly uuids: readonly string[];
}
