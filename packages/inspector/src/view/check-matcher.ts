// SPDX-License-Identifier: Apache-2.0
import { isRepetition } from '../experiments/repetition.js';
import { isSound } from '../experiments/visitor-record.js';
import type { InspectedBatch, InspectedEvent } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import type { ProblemCode } from '../inspection/problem.js';
import type { CheckId } from './types.js';

type Matches = (event: InspectedEvent, batch: InspectedBatch) => boolean;

const REVENUE: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'revenue_not_integer',
  'revenue_misread',
  'revenue_in_dollars',
]);

/**
 * The events that a check of an experiment's diagnosis has counted.
 *
 * @returns undefined if the check is told by other members of the filter
 */
export function checkMatcher(
  inspection: Inspection,
  experimentId: string,
  check: CheckId,
): Matches | undefined {
  const { visitors, allocations, project } = inspection;
  const names = project?.names;
  const rule = names?.rule(experimentId);
  const decisionOf = ({ visitorId }: InspectedEvent) => visitors.decisionOf(visitorId, experimentId);
  const isMeasured = ({ type, entityId }: InspectedEvent) =>
    type === 'conversion' &&
    (names === undefined ||
      (names.event(entityId ?? '') !== undefined && names.measures(experimentId, entityId ?? '')));
  const measuredKeys = new Set(names?.eventsOf(experimentId).map(({ key }) => key));
  switch (check) {
    case 'wrong_environment':
      return event =>
        event.problems.some(({ code }) => code === 'unknown_experiment') &&
        event.ruleKey === rule?.key &&
        (rule?.flagKeys.length === 0 || rule?.flagKeys.includes(event.flagKey ?? '') === true);
    case 'wrong_revision':
      return (_, { revision }) => revision !== '' && !allocations.knows(revision);
    case 'outside_audience':
      return ({ type, flagKey = '', experimentId: id }) =>
        type === 'impression' && rule?.flagKeys.includes(flagKey) === true && id !== experimentId;
    case 'event_not_attached':
      return event => event.type === 'conversion' && !isMeasured(event) && decisionOf(event) !== undefined;
    case 'conversions_not_counted':
      return event =>
        event.type === 'conversion' && (isMeasured(event) || measuredKeys.has(event.key)) && !isSound(event);
    case 'conversions_unexposed':
      return event => isMeasured(event) && (event.visitorIsNumber || decisionOf(event) === undefined);
    case 'impression_after_conversion':
      return event =>
        isMeasured(event) && event.timestamp < (decisionOf(event)?.timestamp ?? Number.NEGATIVE_INFINITY);
    case 'same_millisecond':
      return event => isMeasured(event) && event.timestamp === decisionOf(event)?.timestamp;
    case 'double_tracking':
      return event => isMeasured(event) && isRepeated(event, visitors.conversionsOf(event.visitorId));
    case 'revenue_unit':
      return event => isMeasured(event) && event.problems.some(({ code }) => REVENUE.has(code));
    case 'sample_ratio':
      return ({ type, experimentId: id, variationId }) =>
        type === 'impression' && id === experimentId && rule?.weights.has(variationId ?? '') === false;
    default:
      return undefined;
  }
}

function isRepeated(event: InspectedEvent, others: Iterable<InspectedEvent>): boolean {
  for (const other of others) if (isRepetition(event, other)) return true;
  return false;
}
