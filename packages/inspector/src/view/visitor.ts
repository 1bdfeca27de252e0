// SPDX-License-Identifier: Apache-2.0
import { idsLike } from '../diagnosis/lookalikes.js';
import type { InspectedBatch, InspectedEvent } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { isLost } from '../inspection/problem.js';
import { visibleText } from '../util/visible-text.js';
import { judgeConversion } from './judge-conversion.js';
import { experimentName, variationName } from './names.js';
import { eventRow } from './rows.js';
import type { ExampleView, MomentView, VisitorView } from './types.js';

const MOST_MOMENTS = 1_000;
const MOST_COMPARED = 5_000;

/** All that is kept of one visitor, the oldest first. @returns undefined if it is not known */
export function viewVisitor(inspection: Inspection, visitorId: string): VisitorView | undefined {
  const names = inspection.project?.names;
  const decisions = inspection.visitors.decisionsOf(visitorId);
  const moments: MomentView[] = [];
  for (const batch of inspection.log.oldestFirst()) {
    for (const [index, event] of batch.events.entries()) {
      if (event.visitorId === visitorId) moments.push(viewMoment(inspection, batch, event, index));
    }
  }
  if (moments.length === 0 && decisions.length === 0) return undefined;
  // Where two have one time, the one that arrived first comes first; what has no time comes last.
  moments.sort((a, b) => (a.timestamp ?? Number.MAX_VALUE) - (b.timestamp ?? Number.MAX_VALUE));
  return {
    visitorId,
    visitorShown: visibleText(visitorId),
    lookalikes: lookalikesOf(inspection, visitorId),
    experiments: decisions.map(({ experimentId: id, variationId, timestamp }) => ({
      id,
      key: names?.rule(id)?.key || id,
      variation: names?.rule(id)?.variations.get(variationId) || variationId,
      since: timestamp,
    })),
    moments: moments.slice(-MOST_MOMENTS),
    omitted: Math.max(0, moments.length - MOST_MOMENTS),
  };
}

function viewMoment(
  inspection: Inspection,
  batch: InspectedBatch,
  event: InspectedEvent,
  index: number,
): MomentView {
  const row = eventRow(batch, event, index, inspection.project?.names);
  const { sequence, type, timestamp, subject, detail, problems } = row;
  const judgment =
    type === 'impression' ? judgeImpression(event, inspection) : judgeConversion(event, inspection);
  const { receivedAt, status } = batch;
  const isRefused = status !== undefined && status >= 300;
  return {
    sequence,
    index,
    receivedAt,
    type,
    timestamp,
    subject,
    detail,
    ...(isRefused
      ? { state: 'not_counted', countsFor: [], reasons: [`its request was answered ${status}`] }
      : judgment),
    problems,
  };
}

function judgeImpression(
  event: InspectedEvent,
  inspection: Inspection,
): Pick<MomentView, 'state' | 'countsFor' | 'reasons'> {
  const names = inspection.project?.names;
  const { problems, visitorId, experimentId = '', variationId, timestamp } = event;
  const reasons = problems.map(({ message }) => message);
  const decision = inspection.visitors.decisionOf(visitorId, experimentId);
  if (isLost(problems) || decision === undefined) {
    if (reasons.length === 0) reasons.push('no rule of an experiment made this decision');
    return { state: 'not_counted', countsFor: [], reasons };
  }
  const experiment = experimentName(event, names);
  if (decision.variationId === (variationId ?? '')) {
    if (timestamp > decision.timestamp)
      reasons.push('an impression of this variation came before: the visitor counts once');
    return { state: 'counted', countsFor: [`${experiment}: ${variationName(event, names)}`], reasons };
  }
  const first = names?.rule(experimentId)?.variations.get(decision.variationId) || decision.variationId;
  const reason = `the visitor belongs to ${experiment}: ${first}, which it saw first`;
  return { state: 'not_counted', countsFor: [], reasons: [...new Set([...reasons, reason])] };
}

function lookalikesOf({ visitors }: Inspection, visitorId: string): readonly ExampleView[] {
  const known = new Set<string>();
  for (const { exposed } of visitors.tallies.all) collect(exposed, known);
  for (const event of visitors.events.all) collect(event.visitors, known);
  return idsLike(visitorId, known, id => visitors.knows(id)).map(({ id, difference }) => ({
    found: visibleText(visitorId),
    expected: visibleText(id),
    difference,
    visitorId: id,
  }));
}

function collect(ids: Iterable<string>, into: Set<string>): void {
  for (const id of ids) if (into.size < MOST_COMPARED) into.add(id);
}
