// SPDX-License-Identifier: Apache-2.0
import type { EventProblemCode } from './event-problem.js';

/** What the API's description forbids in any project; the rest depends on the datafile or on other events. */
const FIELD_CONSTRAINTS: ReadonlySet<string> = new Set<EventProblemCode>([
  'malformed',
  'missing_id',
  'timestamp_not_millis',
  'revenue_not_integer',
  'value_not_number',
]);

/** A batch with the problems that were found in it. */
export interface Checked<P> {
  readonly events: readonly { readonly problems: readonly P[] }[];
  readonly problems: readonly P[];
}

/**
 * Why a request with `X-Optimizely-Strict: true` is refused.
 *
 * @returns undefined if it is not
 */
export function brokenConstraint<P extends { readonly code: string }>({
  events,
  problems,
}: Checked<P>): P | undefined {
  const all = [...problems, ...events.flatMap(event => event.problems)];
  return all.find(({ code }) => FIELD_CONSTRAINTS.has(code));
}
