// SPDX-License-Identifier: Apache-2.0
import type { Inspection } from '../inspection/inspection.js';
import { isLost } from '../inspection/problem.js';
import { visibleText } from '../util/visible-text.js';
import { eventRow } from './rows.js';
import type { MomentView, VisitorView } from './types.js';

const MOST_MOMENTS = 1_000;

/** All that is kept of one visitor. @returns undefined if it is not known */
export function viewVisitor(inspection: Inspection, visitorId: string): VisitorView | undefined {
  const names = inspection.project?.names;
  const decisions = inspection.visitors.decisionsOf(visitorId);
  const moments: MomentView[] = [];
  for (const batch of inspection.log.newestFirst()) {
    for (const [index, event] of batch.events.entries()) {
      if (event.visitorId !== visitorId) continue;
      const { sequence, type, timestamp, subject, detail, problems } = eventRow(batch, event, index, names);
      moments.push({
        sequence,
        index,
        receivedAt: batch.receivedAt,
        type,
        timestamp,
        subject,
        detail,
        state: isLost(event.problems) ? 'not_counted' : 'counted',
        countsFor: [],
        reasons: problems.map(({ message }) => message),
        problems,
      });
    }
  }
  if (moments.length === 0 && decisions.size === 0) return undefined;
  moments.sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
  return {
    visitorId,
    visitorShown: visibleText(visitorId),
    lookalikes: [],
    experiments: [...decisions].map(([id, { variationId, timestamp }]) => ({
      id,
      key: names?.rule(id)?.key || id,
      variation: names?.rule(id)?.variations.get(variationId) || variationId,
      since: timestamp,
    })),
    moments: moments.slice(-MOST_MOMENTS),
    omitted: Math.max(0, moments.length - MOST_MOMENTS),
  };
}
