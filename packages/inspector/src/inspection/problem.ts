// SPDX-License-Identifier: Apache-2.0
import { EVENT_WARNINGS, type EventProblemCode } from 'opentelemetry-exporter-optimizely/testing';

/** What the inspector finds besides what keeps an event from counting by itself. */
type OwnProblemCode =
  /** The request was refused as a whole, by this endpoint or by Optimizely. */
  | 'refused'
  /** The visitor's decision has a later timestamp than the conversion, or the same. */
  | 'decision_after_conversion'
  /** The revenue is what a tag says in dollars, without its cents. */
  | 'revenue_in_dollars'
  /** The user agent is that of a bot. */
  | 'bot'
  | 'unknown_attribute'
  /** A mail address, a phone number or a card number, by its looks. */
  | 'personal_data'
  | 'payload_near_limit'
  /** The uuid belongs to another event too. */
  | 'reused_uuid'
  | 'clock_skew'
  /** The visitor saw another variation of the experiment before. */
  | 'variation_changed';

export type ProblemCode = EventProblemCode | OwnProblemCode;

/** `lost`: Optimizely would not count the event. `warning`: it counts, and something is wrong all the same. */
export type Severity = 'lost' | 'warning';

export interface Problem {
  readonly code: ProblemCode;
  /** What is wrong and what to do. Quotes ids and keys, never what looks like personal data. */
  readonly message: string;
}

const WARNINGS: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  ...EVENT_WARNINGS,
  'revenue_in_dollars',
  'bot',
  'unknown_attribute',
  'personal_data',
  'payload_near_limit',
  'reused_uuid',
  'clock_skew',
  'variation_changed',
]);

export function severityOf(code: ProblemCode): Severity {
  return WARNINGS.has(code) ? 'warning' : 'lost';
}

/** Whether one of the problems keeps the event from counting. */
export function isLost(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => !WARNINGS.has(code));
}
