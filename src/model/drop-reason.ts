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
  /** `beforeSend` returned null, threw, or returned something that is not an event. */
  | 'before_send'
  /** The same impression was sent within the window of `dedupe`. */
  | 'deduplicated'
  /** The event alone exceeds `maxPayloadBytes`, or what something on the way takes (413). */
  | 'too_large'
  /** Recording it was cut short: the stack overflowed, or events were recorded from within each other without end. */
  | 'interrupted'
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

const REASONS: Readonly<Record<DropReason, true>> = {
  invalid: true,
  unknown_key: true,
  flag_decisions_off: true,
  no_experiment: true,
  before_send: true,
  deduplicated: true,
  too_large: true,
  interrupted: true,
  queue_full: true,
  store_full: true,
  unreadable: true,
  rejected: true,
  expired: true,
  no_datafile: true,
  shutdown_timeout: true,
  already_shutdown: true,
};

export function isDropReason(value: unknown): value is DropReason {
  return typeof value === 'string' && Object.hasOwn(REASONS, value);
}

/** One refusal or loss, as `EVENTS_DROPPED` listeners hear of it. Never holds user data. */
export interface DroppedEvents {
  readonly reason: DropReason;
  readonly count: number;
  /** UUIDs of the events, where they had got one. */
  readonly uuids: readonly string[];
}
