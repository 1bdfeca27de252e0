// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';

/** What stands behind each number of dropped events in the log: the cause, and where to look or what to change. */
export const DROP_ADVICE: Readonly<Record<DropReason, string>> = {
  invalid: 'an earlier line names the field at fault',
  unknown_key: 'an earlier line names the key that the datafile does not have',
  flag_decisions_off: 'the project does not send impressions of rollouts',
  no_experiment: 'their flag evaluations are of no single experiment',
  before_send: 'beforeSend did not return them',
  deduplicated: 'the same impressions were sent before',
  too_large: 'one alone exceeds maxPayloadBytes, or the size that the endpoint or a proxy accepts',
  interrupted: 'the stack overflowed while they were recorded, or each is recorded from within another one',
  queue_full: 'the endpoint is slow or away, or maxQueueSize or maxQueueBytes is too small',
  store_full: "the endpoint is slow or away, or the event store's maxBytes is too small",
  rejected:
    'the endpoint, or an exporter of your own, refuses them; an earlier line has the status or the error',
  expired: 'they were not delivered within retry.maxAgeMillis',
  no_datafile: 'no datafile arrived before the shutdown: it was not fetched, or setDatafile() was not called',
  shutdown_timeout: 'raise timeoutIntervalMillis, or give OptimizelySpanProcessor an eventStore',
  already_shutdown: 'shut the processor down after the last event',
  unreadable: 'an earlier line names the file of the event store',
};
