// SPDX-License-Identifier: Apache-2.0

/** Why an event did not reach Optimizely. Every event that is not delivered, streamed, stored or pending has exactly one. */
export type DropReason =
  /** A field is missing or has the wrong type. */
  | 'invalid'
  /** The datafile has no such rule, flag or event. */
  | 'unknown_key'
  /** It is a `rollout` impression, and the project does not send flag decisions. */
  | 'flag_decisions_off'
  /** It is a flag evaluation that waited for the first datafile, which then had no single experiment for it. */
  | 'no_experiment'
  /** `beforeSend` returned null, threw, or returned something that is not an event. */
  | 'before_send'
  /** The same impression was sent within the time window of `dedupe`. */
  | 'deduplicated'
  /** The event alone exceeds `maxPayloadBytes`, or the size that a server or proxy accepts (413). */
  | 'too_large'
  /** The stack overflowed while it was recorded, or events are recorded from within each other without end. */
  | 'interrupted'
  /** `maxQueueSize` or `maxQueueBytes` is reached. */
  | 'queue_full'
  /** Memory and the event store are full. */
  | 'store_full'
  /** Its record in the event store was damaged after it had been found. */
  | 'unreadable'
  /** The endpoint refused the event for good. */
  | 'rejected'
  /** It was not delivered within `retry.maxAgeMillis`. */
  | 'expired'
  /** The processor was shut down before any datafile arrived. */
  | 'no_datafile'
  /** It was not delivered within the `timeoutIntervalMillis` of a shutdown. */
  | 'shutdown_timeout'
  /** It was recorded after shutdown. */
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

/** Events that were delivered or streamed, as `EVENTS_DELIVERED` and `EVENTS_STREAMED` listeners are told. No user data. */
export interface DeliveredEvents {
  readonly count: number;
  readonly uuids: readonly string[];
}

/** One refusal or loss, as reported to `EVENTS_DROPPED` listeners. Never holds user data. */
export interface DroppedEvents {
  readonly reason: DropReason;
  readonly count: number;
  /** UUIDs of the events that already had one. */
  readonly uuids: readonly string[];
}
