// SPDX-License-Identifier: Apache-2.0
import type { InspectedBatch, InspectedEvent } from './inspected-batch.js';
import { isLost, type Problem, type ProblemCode } from './problem.js';

interface Counted {
  count: number;
  /** The latest one, which has the names. */
  event: InspectedEvent;
}

const MOST_COUNTED = 200;

/** Counts of the events that are kept, by what the page filters by: kept up to date, never counted anew. */
export class EventFigures {
  impressions = 0;
  conversions = 0;
  lost = 0;
  warned = 0;
  /** Requests that were answered with an error. */
  refused = 0;
  /** By experiment id. */
  readonly experiments = new Map<string, Counted>();
  /** By event key. */
  readonly events = new Map<string, Counted>();
  readonly problems = new Map<ProblemCode, number>();

  add(batch: InspectedBatch): void {
    this.#countBatch(batch, 1);
  }

  remove(batch: InspectedBatch): void {
    this.#countBatch(batch, -1);
    if (isRefused(batch)) this.refused--;
  }

  /** The answer to a batch that is counted has become known. */
  answered(batch: InspectedBatch): void {
    if (isRefused(batch)) this.refused++;
  }

  /** Changes what is wrong with a request that is counted. */
  addProblem(batch: InspectedBatch, problem: Problem): void {
    batch.problems.push(problem);
    add(this.problems, problem.code, 1);
  }

  /** Changes what is wrong with an event. @param kept whether it is counted */
  judge(event: InspectedEvent, problems: readonly Problem[], kept: boolean): void {
    if (kept) this.#countProblems(event.problems, -1);
    event.problems = problems;
    if (kept) this.#countProblems(problems, 1);
  }

  #countBatch({ problems, events }: InspectedBatch, by: 1 | -1): void {
    for (const { code } of problems) add(this.problems, code, by);
    for (const event of events) {
      if (event.type === 'conversion') {
        this.conversions += by;
        note(this.events, event.key, event, by);
      } else {
        this.impressions += by;
        if ((event.experimentId ?? '') !== '') note(this.experiments, event.experimentId ?? '', event, by);
      }
      this.#countProblems(event.problems, by);
    }
  }

  #countProblems(problems: readonly Problem[], by: 1 | -1): void {
    if (problems.length === 0) return;
    if (isLost(problems)) this.lost += by;
    else this.warned += by;
    for (const { code } of problems) add(this.problems, code, by);
  }
}

function isRefused({ status }: InspectedBatch): boolean {
  return status !== undefined && status >= 300;
}

function add<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** Bounded: of values past the first 200 nothing is counted. */
function note(counts: Map<string, Counted>, key: string, event: InspectedEvent, by: 1 | -1): void {
  const known = counts.get(key);
  if (known === undefined) {
    if (by === 1 && counts.size < MOST_COUNTED) counts.set(key, { count: 1, event });
    return;
  }
  known.count += by;
  if (by === 1) known.event = event;
  if (known.count === 0) counts.delete(key);
}
