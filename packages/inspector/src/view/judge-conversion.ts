// SPDX-License-Identifier: Apache-2.0
import { ABOUT_DECISIONS } from '../experiments/visitor-record.js';
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { isLost } from '../inspection/problem.js';
import type { MomentView } from './types.js';

type Judgment = Pick<MomentView, 'state' | 'countsFor' | 'reasons'>;

/** Where a conversion counts, and why not elsewhere. */
export function judgeConversion(event: InspectedEvent, inspection: Inspection): Judgment {
  // Decisions are spoken of for each experiment, and better.
  const own = event.problems.filter(({ code }) => !ABOUT_DECISIONS.has(code));
  const reasons = own.map(({ message }) => message);
  if (isLost(own)) return { state: 'not_counted', countsFor: [], reasons };
  const names = inspection.project?.names;
  const countsFor: string[] = [];
  let isUnclear = false;
  const decisions = inspection.visitors.decisionsOf(event.visitorId);
  for (const { experimentId, variationId, timestamp } of decisions) {
    const rule = names?.rule(experimentId);
    const key = rule?.key || experimentId;
    const variation = rule?.variations.get(variationId) || variationId;
    const late = timestamp - event.timestamp;
    if (names?.measures(experimentId, event.entityId ?? '') === false) {
      reasons.push(
        `${key} does not measure ${names.eventKey(event.entityId ?? '') ?? event.key}: attach a metric of it`,
      );
    } else if (late < 0) countsFor.push(`${key}: ${variation}`);
    else if (late === 0) {
      isUnclear = true;
      reasons.push(
        `${key}: the decision has the same millisecond; Optimizely asks for an earlier one and says nothing of ties`,
      );
    } else
      reasons.push(`${key}: the decision came ${late} ms later; record the impression before the conversion`);
  }
  if (decisions.length === 0) {
    reasons.push(
      'no decision of this visitor has arrived that counts: compare the ids, or record the impression',
    );
  }
  if (countsFor.length > 0) return { state: 'counted', countsFor, reasons };
  return { state: isUnclear ? 'unclear' : 'not_counted', countsFor, reasons };
}
