// SPDX-License-Identifier: Apache-2.0
import type { ConsumerConfig } from '@nats-io/jetstream';
import { describeMisfits, type Misfit, nanos, shownNanos } from './fit.js';
import { covers } from './stream-fit.js';

export interface ConsumerOptions {
  readonly consumer: string;
  readonly subject: string;
  /** How long a worker may have a message before another gets it, milliseconds; workers extend it while they wait. */
  readonly ackWaitMillis: number;
  /** Whether that was asked for, and is not the default. */
  readonly isAckWaitGiven: boolean;
  /** Messages that all workers together may have. */
  readonly maxAckPending: number;
  /** Messages that one worker has at once. */
  readonly maxMessages: number;
  /** How long one request for messages waits, milliseconds. */
  readonly fetchMillis: number;
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
    ack_wait: nanos(options.ackWaitMillis),
    // Without end: a message leaves by its acknowledgment or by the stream's age.
    max_deliver: -1,
    max_ack_pending: options.maxAckPending,
  };
}

/** What servers newer than the types know, too. */
type PresentConsumer = Partial<ConsumerConfig> & { readonly priority_policy?: string };

/** Shorter, and what waits for Optimizely would be delivered twice whenever a gateway is busy for a moment. */
const LEAST_ACK_WAIT_MILLIS = 1_000;

/** @returns a sentence that names the settings; undefined if it fits */
export function consumerMisfit(present: PresentConsumer, options: ConsumerOptions): string | undefined {
  const misfits: Misfit[] = [];
  const require = (fits: boolean, setting: string, found: unknown, wanted: string, because: string) => {
    if (!fits) misfits.push({ setting, found: String(found), wanted, because });
  };
  const { ack_policy, deliver_policy, replay_policy, deliver_subject, max_deliver = -1 } = present;
  const isPull = deliver_subject === undefined;
  require(isPull, 'deliver_subject', deliver_subject, 'absent', 'gateways pull');
  require(ack_policy ===
    'explicit', 'ack_policy', ack_policy, 'explicit', 'events would be lost in a gateway');
  const delivers = deliver_policy ?? 'all';
  require(delivers === 'all', 'deliver_policy', delivers, 'all', 'what came before would never be delivered');
  const replays = replay_policy ?? 'instant';
  require(replays === 'instant', 'replay_policy', replays, 'instant', 'a backlog would take as long again');
  require(max_deliver <= 0, 'max_deliver', max_deliver, '-1', 'events would be given up');
  const hasBackoff = (present.backoff ?? []).length > 0;
  require(!hasBackoff, 'backoff', 'set', 'absent', 'it takes the place of ack_wait');
  require(present.headers_only !== true, 'headers_only', true, 'false', 'batches would come without events');
  const filters = filtersOf(present);
  require(filters.length === 0 ||
    filters.some(filter => covers(filter, options.subject)), 'filter_subject', filters.join(
    ', ',
  ), options.subject, 'the batches would never be delivered');
  const priority = present.priority_policy ?? 'none';
  require(priority === 'none', 'priority_policy', priority, 'none', 'gateways pull without a group');
  misfits.push(...limits(present, options));
  return describeMisfits(`consumer ${options.consumer}`, misfits);
}

function limits(present: PresentConsumer, options: ConsumerOptions): Misfit[] {
  const { ackWaitMillis, isAckWaitGiven, maxMessages, fetchMillis } = options;
  const { ack_wait = 0, max_ack_pending = 0, max_batch = 0, max_expires = 0 } = present;
  const misfits: Misfit[] = [];
  if (isAckWaitGiven ? ack_wait !== nanos(ackWaitMillis) : ack_wait < nanos(LEAST_ACK_WAIT_MILLIS)) {
    misfits.push({
      setting: 'ack_wait',
      found: shownNanos(ack_wait),
      wanted: isAckWaitGiven
        ? `${shownNanos(nanos(ackWaitMillis))} (ackWaitMillis)`
        : `at least ${shownNanos(nanos(LEAST_ACK_WAIT_MILLIS))}`,
      because: 'messages of a gateway that died would come back at another time',
    });
  }
  const atLeast = (setting: string, found: number, least: number, shown: (value: number) => string) => {
    if (found > 0 && found < least) {
      const because = 'a gateway would get fewer messages than it asks for';
      misfits.push({ setting, found: shown(found), wanted: `-1 or at least ${shown(least)}`, because });
    }
  };
  atLeast('max_ack_pending', max_ack_pending, maxMessages, String);
  atLeast('max_batch', max_batch, maxMessages, String);
  atLeast('max_expires', max_expires, nanos(fetchMillis), shownNanos);
  return misfits;
}

function filtersOf({ filter_subject, filter_subjects }: PresentConsumer): readonly string[] {
  if (filter_subjects !== undefined) return filter_subjects;
  return filter_subject === undefined || filter_subject === '' ? [] : [filter_subject];
}
