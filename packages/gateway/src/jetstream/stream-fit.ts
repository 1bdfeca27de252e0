// SPDX-License-Identifier: Apache-2.0
import type { StreamConfig } from '@nats-io/jetstream';
import { describeMisfits, type Misfit, nanos, shownNanos, shownNumber } from './fit.js';
import type { ResolvedStreamOptions } from './jetstream-options.js';

/** How long NATS knows the id of a message again. */
const DUPLICATE_WINDOW_MILLIS = 120_000;
/** What a single event may need, with its attributes and tags. */
const LEAST_MESSAGE_BYTES = 65_536;

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
    max_age: nanos(options.maxAgeMillis),
    max_bytes: options.maxBytes,
    num_replicas: options.replicas,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MILLIS, options.maxAgeMillis)),
  };
}

/** What servers newer than the types know, too. */
type PresentStream = Partial<StreamConfig> & {
  readonly subject_transform?: unknown;
  readonly persist_mode?: string;
};

/**
 * Compares a stream that is there with what the relay needs. What would lose events does not fit; nor does less than
 * the options ask for.
 *
 * @returns a sentence that names the settings; undefined if it fits
 */
export function streamMisfit(present: PresentStream, options: ResolvedStreamOptions): string | undefined {
  return describeMisfits(`stream ${options.stream}`, [
    ...unsafe(present, options),
    ...tooLittle(present, options.given),
  ]);
}

function unsafe(present: PresentStream, { subject }: ResolvedStreamOptions): Misfit[] {
  const misfits: Misfit[] = [];
  const require = (fits: boolean, setting: string, found: unknown, wanted: string, because: string) => {
    if (!fits) misfits.push({ setting, found: String(found), wanted, because });
  };
  const { subjects = [], retention, storage, discard } = present;
  const takes = subjects.some(taken => covers(taken, subject));
  require(takes, 'subjects', subjects.join(', ') || 'not set', `with ${subject}`, 'nothing would be stored');
  require(retention === 'workqueue', 'retention', retention, 'workqueue', 'what is delivered would stay');
  require(storage === 'file', 'storage', storage, 'file', 'events would be lost with the server');
  require(discard === 'new', 'discard', discard, 'new', 'the oldest events would be lost');
  const { max_age, max_bytes, max_msg_size = -1, max_msgs_per_subject = -1 } = present;
  require((max_age ?? 0) >
    0, 'max_age', 'not set', 'a duration', 'what was acknowledged may stay for ever after a kill');
  require((max_bytes ?? 0) > 0, 'max_bytes', 'not set', 'a size', 'the stream would fill the disk');
  require(max_msg_size <= 0 ||
    max_msg_size >=
      LEAST_MESSAGE_BYTES, 'max_msg_size', max_msg_size, `-1 or at least ${LEAST_MESSAGE_BYTES}`, 'larger events would be dropped');
  require(max_msgs_per_subject <=
    0, 'max_msgs_per_subject', max_msgs_per_subject, '-1', 'all batches have one subject');
  require(present.no_ack !==
    true, 'no_ack', true, 'false', 'senders would not know whether a batch is stored');
  require(present.sealed !== true, 'sealed', true, 'false', 'nothing can be stored');
  require(present.mirror === undefined, 'mirror', 'set', 'absent', 'nothing can be stored');
  require(present.subject_transform ===
    undefined, 'subject_transform', 'set', 'absent', 'the consumer would not find the batches');
  const { persist_mode: mode } = present;
  require(mode === undefined ||
    mode === 'default' ||
    mode === '', 'persist_mode', mode, 'default', 'batches would be acknowledged before they are stored');
  return misfits;
}

/** What is given must be there at least: an operator may have raised it meanwhile. */
function tooLittle(present: PresentStream, given: ResolvedStreamOptions['given']): Misfit[] {
  const { maxAgeMillis, maxBytes, replicas } = given;
  const misfits: Misfit[] = [];
  const { max_age = 0, max_bytes = 0, num_replicas = 1 } = present;
  if (maxAgeMillis !== undefined && max_age > 0 && max_age < nanos(maxAgeMillis)) {
    misfits.push({
      setting: 'max_age',
      found: shownNanos(max_age),
      wanted: `at least ${shownNanos(nanos(maxAgeMillis))} (maxAgeMillis)`,
      because: 'events would be lost earlier',
    });
  }
  if (maxBytes !== undefined && max_bytes > 0 && max_bytes < maxBytes) {
    misfits.push({
      setting: 'max_bytes',
      found: shownNumber(max_bytes),
      wanted: `at least ${maxBytes} (maxBytes)`,
      because: 'the stream would be full earlier',
    });
  }
  if (replicas !== undefined && num_replicas < replicas) {
    misfits.push({
      setting: 'num_replicas',
      found: String(num_replicas),
      wanted: `at least ${replicas} (replicas)`,
      because: 'events would be on fewer servers',
    });
  }
  return misfits;
}

/** Whether a stream's subject, which may have wildcards, takes what is published on the other one. */
export function covers(taken: string, subject: string): boolean {
  const [pattern, words] = [taken.split('.'), subject.split('.')];
  for (const [index, token] of pattern.entries()) {
    if (token === '>') return words.length > index;
    if (token !== '*' && token !== words[index]) return false;
  }
  return pattern.length === words.length;
}
