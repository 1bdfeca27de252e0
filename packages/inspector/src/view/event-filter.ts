// SPDX-License-Identifier: Apache-2.0
import type { VisitorBook } from '../experiments/visitor-book.js';
import type { InspectedBatch, InspectedEvent } from '../inspection/inspected-batch.js';
import { type Problem, severityOf } from '../inspection/problem.js';

/** What is looked for; `''`: anything. */
export interface EventFilter {
  /** Part of the visitor id, in any case. */
  readonly visitor: string;
  /** Experiment id: its impressions, and conversions of visitors that it has decided for. */
  readonly experiment: string;
  /** Event key. */
  readonly event: string;
  /** A problem's code, `lost` or `warning` for those of a severity, `any`. */
  readonly problem: string;
}

export const EVERYTHING: EventFilter = { visitor: '', experiment: '', event: '', problem: '' };

export function filtersNothing({ visitor, experiment, event, problem }: EventFilter): boolean {
  return visitor === '' && experiment === '' && event === '' && problem === '';
}

export type Matches = (event: InspectedEvent) => boolean;

export function matcherOf(filter: EventFilter, visitors: VisitorBook): Matches {
  const { experiment, event: eventKey, problem } = filter;
  const visitor = filter.visitor.toLowerCase();
  return event =>
    (visitor === '' || event.visitorId.toLowerCase().includes(visitor)) &&
    (eventKey === '' || (event.type === 'conversion' && event.key === eventKey)) &&
    (experiment === '' || concerns(event, experiment, visitors)) &&
    (problem === '' || event.problems.some(found => isLike(found, problem)));
}

/** Whether the batch itself is looked for, whatever its events are. */
export function batchMatches({ problems }: InspectedBatch, filter: EventFilter): boolean {
  if (filtersNothing(filter)) return true;
  const { visitor, experiment, event, problem } = filter;
  if (visitor !== '' || experiment !== '' || event !== '') return false;
  return problems.some(found => isLike(found, problem));
}

function concerns(event: InspectedEvent, experimentId: string, visitors: VisitorBook): boolean {
  if (event.type === 'impression') return event.experimentId === experimentId;
  return visitors.decisionOf(event.visitorId, experimentId) !== undefined;
}

function isLike({ code }: Problem, wanted: string): boolean {
  return wanted === 'any' || wanted === code || wanted === severityOf(code);
}
