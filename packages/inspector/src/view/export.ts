// SPDX-License-Identifier: Apache-2.0
import { readBatch } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import type { ProjectNames } from '../inspection/project-names.js';
import { objectIn } from '../util/json.js';
import { matcherOf } from './event-filter.js';
import { PayloadSearch } from './payload-search.js';
import { batchesOf, eventRow, type RowQuery } from './rows.js';
import type { ExportedEvent } from './types.js';

/** Every event that a query of the list finds, in the same order, as JSON lines; a piece for each batch. */
export function* exportLines(
  inspection: Inspection,
  { filter, sort, until = Number.POSITIVE_INFINITY }: Pick<RowQuery, 'filter' | 'sort' | 'until'>,
  searches = new PayloadSearch(),
): Generator<string> {
  const matches = matcherOf(filter, inspection, searches);
  const names = inspection.project?.names;
  // All at once: the log changes while they are sent.
  for (const batch of [...batchesOf(inspection, sort)]) {
    if (batch.sequence > until) continue;
    const wanted = batch.events.flatMap((event, index) => (matches(event, batch, index) ? [index] : []));
    if (wanted.length > 0) yield linesOf(batch, wanted, names);
  }
}

function linesOf(batch: InspectedBatch, wanted: readonly number[], names: ProjectNames | undefined): string {
  const { readings } = readBatch(objectIn(batch.body), batch.events.length);
  let text = '';
  for (const index of wanted) {
    const [event, reading] = [batch.events[index], readings[index]];
    if (event === undefined || reading === undefined) continue;
    const { visitor, decision, wire } = reading;
    const { sequence, receivedAt } = batch;
    const { type, subject } = eventRow(batch, event, index, names);
    const line: ExportedEvent = {
      sequence,
      index,
      receivedAt,
      type,
      visitorId: event.visitorId,
      subject,
      problems: event.problems.map(({ code }) => code),
      payload: { ...visitor, snapshots: [{ ...(decision && { decisions: [decision] }), events: [wire] }] },
    };
    text += `${written(line)}\n`;
  }
  return text;
}

/** JSON can be nested deeper than it can be written again. */
function written(line: ExportedEvent): string {
  try {
    return JSON.stringify(line);
  } catch {
    return JSON.stringify({ ...line, payload: '(nested too deep to write)' });
  }
}
