// SPDX-License-Identifier: Apache-2.0
import type { InspectedBatch, InspectedEvent } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { type Problem, severityOf } from '../inspection/problem.js';
import { checkMatcher } from './check-matcher.js';
import type { PayloadSearch } from './payload-search.js';
import type { CheckId, Filter } from './types.js';

/** What is looked for; `''` for anything. */
export type EventFilter = { readonly [Name in keyof Filter]-?: Name extends 'check' ? CheckId | '' : string };

export const EVERYTHING: EventFilter = {
  visitor: '',
  experiment: '',
  event: '',
  problem: '',
  search: '',
  check: '',
};

export function filtersNothing(filter: EventFilter): boolean {
  return Object.values(filter).every(wanted => wanted === '');
}

/** Whether an event of a batch is looked for. */
export type Matches = (event: InspectedEvent, batch: InspectedBatch, index: number) => boolean;

/** @param searches remembers what was found in payloads */
export function matcherOf(filter: EventFilter, inspection: Inspection, searches: PayloadSearch): Matches {
  const { experiment, event: eventKey, problem, search, check } = filter;
  const visitor = filter.visitor.toLowerCase();
  const ofCheck = check === '' || experiment === '' ? undefined : checkMatcher(inspection, experiment, check);
  const isFound = search === '' ? undefined : searches.of(search);
  return (event, batch, index) =>
    (visitor === '' || event.visitorId.toLowerCase().includes(visitor)) &&
    (eventKey === '' || (event.type === 'conversion' && event.key === eventKey)) &&
    (experiment === '' ||
      (ofCheck === undefined ? concerns(event, experiment, inspection) : ofCheck(event, batch))) &&
    (problem === '' || event.problems.some(found => isLike(found, problem))) &&
    (isFound === undefined || isFound(batch, index));
}

/** Whether the batch itself is looked for, whatever its events are. */
export function batchMatches({ problems, request, body }: InspectedBatch, filter: EventFilter): boolean {
  if (filtersNothing(filter)) return true;
  const { visitor, experiment, event, problem, search } = filter;
  if (visitor !== '' || experiment !== '' || event !== '') return false;
  // The text of a refused request is all that there is to search.
  const isFound =
    search === '' || (request !== undefined && body.toString().toLowerCase().includes(search.toLowerCase()));
  return isFound && (problem === '' ? search !== '' : problems.some(found => isLike(found, problem)));
}

function concerns(event: InspectedEvent, experimentId: string, { visitors }: Inspection): boolean {
  if (event.type === 'impression') return event.experimentId === experimentId;
  return visitors.decisionOf(event.visitorId, experimentId) !== undefined;
}

function isLike({ code }: Problem, wanted: string): boolean {
  return wanted === 'any' || wanted === code || wanted === severityOf(code);
}
