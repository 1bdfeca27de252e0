// SPDX-License-Identifier: Apache-2.0
import type { InspectedBatch, InspectedEvent, RefusedRequest } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import { type Problem, severityOf } from '../inspection/problem.js';
import type { ProjectNames } from '../inspection/project-names.js';
import { visibleText } from '../util/visible-text.js';
import { batchMatches, type EventFilter, filtersNothing, type Matches, matcherOf } from './event-filter.js';
import { experimentName, variationName } from './names.js';
import { PayloadSearch } from './payload-search.js';
import type { BatchRow, EventRow, ProblemView, RefusedRow, Row, RowsView, Sort } from './types.js';

export interface RowQuery {
  readonly filter: EventFilter;
  /** Later batches stay out, so that a list does not move while it is read. Undefined for all. */
  readonly until: number | undefined;
  readonly sort: Sort;
  /** First row, counted from 0. */
  readonly from: number;
  readonly count: number;
}

/** A window of the list: batches, each followed by its events in their order. */
export function queryRows(inspection: Inspection, query: RowQuery, searches = new PayloadSearch()): RowsView {
  const { filter, from, count } = query;
  const until = query.until ?? inspection.lastSequence;
  if (filtersNothing(filter)) return queryAll(inspection, { ...query, until });
  const matches = matcherOf(filter, inspection, searches);
  const names = inspection.project?.names;
  const rows: Row[] = [];
  let total = 0;
  let events = 0;
  let newer = 0;
  for (const batch of batchesOf(inspection, query.sort)) {
    const shown = countMatches(batch, matches);
    if (batch.sequence > until) {
      newer += shown;
      continue;
    }
    if (shown === 0 && !batchMatches(batch, filter)) continue;
    const first = total;
    total += 1 + shown;
    events += shown;
    if (total <= from || first >= from + count) continue;
    if (first >= from) rows.push(headRow(batch, shown));
    let place = first;
    for (const [index, event] of batch.events.entries()) {
      if (place - first >= shown || place + 1 >= from + count) break;
      if (!matches(event, batch, index)) continue;
      place++;
      if (place >= from) rows.push(eventRow(batch, event, index, names));
    }
  }
  return { from, rows, total, events, until, newer };
}

export function batchesOf({ log }: Inspection, sort: Sort): Iterable<InspectedBatch> {
  return sort === 'oldest' ? log.oldestFirst() : log.newestFirst();
}

export function batchRow(batch: InspectedBatch, shown: number): BatchRow {
  const { sequence, receivedAt, byteLength, client, revision, cause, status, forwarding } = batch;
  return {
    kind: 'batch',
    sequence,
    receivedAt,
    events: batch.events.length,
    shown,
    visitors: batch.visitorCount,
    byteLength,
    client: shorten(client),
    revision: shorten(revision),
    cause,
    status,
    forwarding,
    problems: viewProblems(batch.problems),
  };
}

function refusedRow(
  { sequence, receivedAt, byteLength, body, status = 0, problems }: InspectedBatch,
  { method, path, message }: RefusedRequest,
): RefusedRow {
  const text = shorten(visibleText(body.toString()));
  return {
    kind: 'refused',
    sequence,
    receivedAt,
    method,
    path: shorten(path),
    status,
    message,
    byteLength,
    text,
    problems: viewProblems(problems),
  };
}

export function eventRow(
  { sequence }: InspectedBatch,
  event: InspectedEvent,
  index: number,
  names: ProjectNames | undefined,
): EventRow {
  const { type, timestamp, visitorId, flagKey = '', span } = event;
  const impression = type === 'impression';
  return {
    kind: 'event',
    sequence,
    index,
    type,
    timestamp: Number.isFinite(timestamp) ? timestamp : null,
    visitorId: shorten(visitorId),
    visitorShown: shorten(visibleText(visitorId)),
    subject: shorten(impression ? experimentName(event, names) : event.key),
    detail: shorten(impression ? variationName(event, names) : worthOf(event)),
    flagKey: shorten(flagKey),
    traceId: span?.traceId,
    spanId: span?.spanId,
    problems: viewProblems(event.problems),
  };
}

/** The worst first. */
export function viewProblems(problems: readonly Problem[]): ProblemView[] {
  const rank = ({ severity }: ProblemView) => (severity === 'lost' ? 0 : 1);
  return problems
    .map(problem => ({ ...problem, severity: severityOf(problem.code) }))
    .sort((a, b) => rank(a) - rank(b));
}

/** Revenue comes in cents. */
function worthOf({ revenue, value }: InspectedEvent): string {
  const parts = [];
  if (revenue !== undefined)
    parts.push(`revenue ${Number.isInteger(revenue) ? (revenue / 100).toFixed(2) : revenue}`);
  if (value !== undefined) parts.push(`value ${value}`);
  return parts.join(', ');
}

function countMatches(batch: InspectedBatch, matches: Matches): number {
  let count = 0;
  for (const [index, event] of batch.events.entries()) if (matches(event, batch, index)) count++;
  return count;
}

/** Without a filter, the place of each row is known, and only the batches of the window are looked at. */
function queryAll(
  { log, project }: Inspection,
  { until, from, count, sort }: RowQuery & { readonly until: number },
): RowsView {
  const rows: Row[] = [];
  for (const { batch, row: first } of log.placed(until, from, sort)) {
    if (first >= from + count) break;
    if (first >= from) rows.push(headRow(batch, batch.events.length));
    const start = Math.max(0, from - first - 1);
    const end = Math.min(batch.events.length, from + count - first - 1);
    for (const [place, event] of batch.events.slice(start, end).entries()) {
      rows.push(eventRow(batch, event, start + place, project?.names));
    }
  }
  return { from, rows, until, ...log.rowsUpTo(until) };
}

function headRow(batch: InspectedBatch, shown: number): Row {
  return batch.request === undefined ? batchRow(batch, shown) : refusedRow(batch, batch.request);
}

const LONGEST = 200;

/** The whole text stands in the event's details. */
function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
