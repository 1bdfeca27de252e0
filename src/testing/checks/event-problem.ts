// SPDX-License-Identifier: Apache-2.0

/** Why Optimizely answers 204 and yet does not count an event, or counts something else than it says. */
export type EventProblemCode =
  /** A part of the batch is not of the documented form, so no event could be read from it. */
  | 'malformed'
  /** An id that the API needs is absent, null or not a string. */
  | 'missing_id'
  | 'unknown_account'
  | 'unknown_project'
  | 'unknown_experiment'
  /** The datafile gives the experiment or holdout a status other than `Running`. */
  | 'experiment_not_running'
  | 'unknown_campaign'
  | 'unknown_variation'
  | 'unknown_event'
  /** An impression's `entity_id` is not the `campaign_id` of its decision. */
  | 'campaign_entity_mismatch'
  /** A conversion of a visitor for whom no decision with an earlier timestamp was received. */
  | 'no_earlier_decision'
  /** The timestamp is not a 13-digit whole number. */
  | 'timestamp_not_millis'
  /** The timestamp is more than a minute ahead of the endpoint's clock. */
  | 'timestamp_in_future'
  | 'revenue_not_integer'
  | 'value_not_number'
  /** The same `entity_id`, `uuid` and `timestamp` were received before; the first one counts. */
  | 'duplicate'
  /** The event counts, and its tag `revenue` is not the whole number of cents that is counted. */
  | 'revenue_misread'
  /** The event counts, and its tag `value` is not the number that is counted. */
  | 'value_misread'
  /** The event counts, for one visitor together with all others that have no id of their own. */
  | 'placeholder_visitor_id';

/** Problems of events that count all the same. */
export const EVENT_WARNINGS: ReadonlySet<EventProblemCode> = new Set<EventProblemCode>([
  'revenue_misread',
  'value_misread',
  'placeholder_visitor_id',
]);

/** One thing that is wrong with an event, and what to do about it. Never names the visitor. */
export interface EventProblem {
  readonly code: EventProblemCode;
  readonly message: string;
}

/** Takes what a check found. */
export type Report = (code: EventProblemCode, message: string) => void;

const LONGEST_QUOTE = 40;

/** An id or value as it may stand in a message. */
export function quote(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = typeof value === 'string' ? value : String(value);
  const cut = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return typeof value === 'string' ? JSON.stringify(cut) : cut;
}
