// SPDX-License-Identifier: Apache-2.0
import type { ConsumerConfig, StreamConfig } from '@nats-io/jetstream';
import type { ResolvedStreamOptions } from './jetstream-options.js';

const NANOS_A_MILLI = 1_000_000;
/** How long NATS knows the id of a message again. */
const DUPLICATE_WINDOW_MILLIS = 120_000;

type StreamSettings = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'max_age'
  | 'max_bytes'
  | 'num_replicas'
  | 'duplicate_window'
>;

/** The stream that is made where there is none. It always has an age and a size. */
export function streamSettings(options: ResolvedStreamOptions): StreamSettings {
  return {
    name: options.stream,
    subjects: [options.subject],
    // A message is gone once it is acknowledged.
    retention: 'workqueue',
    storage: 'file',
    // A full stream refuses the new batch, whose sender keeps it, rather than lose the oldest.
    discard: 'new',
    max_age: options.maxAgeMillis * NANOS_A_MILLI,
    max_bytes: options.maxBytes,
    num_replicas: options.replicas,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MILLIS, options.maxAgeMillis) * NANOS_A_MILLI,
  };
}

/**
 * Compares a stream that is there with what the relay needs. Limits may differ, since they are the operator's; what
 * would lose events may not.
 *
 * @returns a sentence that names the setting; undefined if it fits
 */
export function streamMisfit(
  present: StreamSettings,
  { stream, subject }: ResolvedStreamOptions,
): string | undefined {
  const of = `stream ${stream}: `;
  if (!present.subjects.some(taken => covers(taken, subject))) return `${of}subjects must include ${subject}`;
  if (present.retention !== 'workqueue')
    return `${of}retention is ${present.retention} and must be workqueue`;
  if (present.storage !== 'file') return `${of}storage is ${present.storage} and must be file`;
  if (present.discard !== 'new')
    return `${of}discard is ${present.discard} and must be new: the oldest events would be lost`;
  if (!(present.max_age > 0))
    return `${of}max_age is not set: what was acknowledged may stay for ever after a kill`;
  if (!(present.max_bytes > 0)) return `${of}max_bytes is not set: the stream would fill the disk`;
  return undefined;
}

export interface ConsumerOptions {
  readonly consumer: string;
  readonly subject: string;
  /** How long a worker may have a message before another gets it, milliseconds; workers extend it while they wait. */
  readonly ackWaitMillis: number;
  /** Messages that all workers together may have. */
  readonly maxAckPending: number;
}

type ConsumerSettings = Pick<
  ConsumerConfig,
  | 'durable_name'
  | 'ack_policy'
  | 'ack_wait'
  | 'max_deliver'
  | 'max_ack_pending'
  | 'deliver_policy'
  | 'filter_subject'
>;

/** The consumer that is made where there is none: every worker of the fleet pulls from it. */
export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  return {
    durable_name: options.consumer,
    ack_policy: 'explicit',
    deliver_policy: 'all',
    filter_subject: options.subject,
    ack_wait: options.ackWaitMillis * NANOS_A_MILLI,
    // Without end: a message leaves by its acknowledgment or by the stream's age.
    max_deliver: -1,
    max_ack_pending: options.maxAckPending,
  };
}

/** @returns a sentence that names the setting; undefined if it fits */
export function consumerMisfit(present: ConsumerConfig, { consumer }: ConsumerOptions): string | undefined {
  const of = `consumer ${consumer}: `;
  if (present.ack_policy !== 'explicit')
    return `${of}ack_policy is ${present.ack_policy} and must be explicit`;
  if ((present.max_deliver ?? -1) > 0)
    return `${of}max_deliver is ${present.max_deliver} and must be -1: events would be given up`;
  if (present.deliver_subject !== undefined) return `${of}it is a push consumer, and must be a pull consumer`;
  return undefined;
}

/** Whether a stream's subject, which may have wildcards, takes what is published on the other one. */
function covers(taken: string, subject: string): boolean {
  const [pattern, words] = [taken.split('.'), subject.split('.')];
  for (const [index, token] of pattern.entries()) {
    if (token === '>') return words.length > index;
    if (token !== '*' && token !== words[index]) return false;
  }
  return pattern.length === words.length;
}
