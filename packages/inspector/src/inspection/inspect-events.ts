// SPDX-License-Identifier: Apache-2.0
import { checkReadings, type EventReading, readBatch } from 'opentelemetry-exporter-optimizely/testing';
import { checkPayload } from '../checks/payload-checks.js';
import type { Interner } from '../util/interner.js';
import { type JsonObject, objectsOf } from '../util/json.js';
import type { InspectedEvent } from './inspected-batch.js';
import { toInspected } from './inspected-event.js';
import type { Problem } from './problem.js';
import type { Project } from './project.js';
import type { SpanIds } from './sender-notes.js';

export interface InspectedEvents {
  /** Attributes that audiences ask for. */
  readonly attributes: readonly (readonly [key: string, value: unknown])[];
  readonly events: InspectedEvent[];
  /** What belongs to no event. */
  readonly problems: Problem[];
}

const NOTHING_WRONG: readonly Problem[] = [];
/** More than real events fit into a request. */
const MOST_EVENTS = 20_000;

export interface InspectContext {
  readonly project: Project | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** One an event, in order, as far as the sender told. */
  readonly spans: readonly SpanIds[];
  readonly interner: Interner;
}

/** Finds all that a batch shows by itself. Never throws. */
export function inspectEvents(
  params: JsonObject,
  { project, now, spans, interner }: InspectContext,
): InspectedEvents {
  const read = readBatch(params, MOST_EVENTS);
  const checked = checkReadings(read, { index: project?.index, now });
  const problems: Problem[] = [...checked.problems];
  if (read.left > 0) {
    const all = MOST_EVENTS + read.left;
    const message = `the batch holds ${all} events, more than real ones fit: the first ${MOST_EVENTS} are shown`;
    problems.push({ code: 'malformed', message });
  }
  const shared = new Map<string, Problem>();
  const events = read.readings.map((reading, index): InspectedEvent => {
    const found = [...(checked.events[index]?.problems ?? []), ...checkPayload(reading, project?.names)];
    const problems = found.length === 0 ? NOTHING_WRONG : found.map(problem => share(problem, shared));
    return toInspected(reading, { problems, span: spans[index] }, interner);
  });
  return { events, problems, attributes: attributeValues(read.readings, project?.names.audienceAttributes) };
}

function attributeValues(
  readings: readonly EventReading[],
  wanted: ReadonlySet<string> | undefined,
): [key: string, value: unknown][] {
  if (wanted === undefined || wanted.size === 0) return [];
  return readings.flatMap(({ visitor }) =>
    objectsOf(visitor.attributes).flatMap(({ key, value }): [string, unknown][] =>
      typeof key === 'string' && wanted.has(key) ? [[key, value]] : [],
    ),
  );
}

/** What one event has wrong most others have, too. */
function share(problem: Problem, shared: Map<string, Problem>): Problem {
  const known = shared.get(problem.message);
  if (known !== undefined) return known;
  shared.set(problem.message, problem);
  return problem;
}
