// SPDX-License-Identifier: Apache-2.0
import { ProblemCounts } from '../experiments/problem-counts.js';
import { count } from '../util/count.js';
import type { InspectedBatch, InspectedEvent } from './inspected-batch.js';
import { isLost, type ProblemCode } from './problem.js';

/** Impressions that name an experiment which the datafile does not have. */
export interface StrayImpressions {
  count: number;
  /** The latest id. */
  experimentId: string;
  readonly revisions: Map<string, number>;
}

const MOST_STRAYS = 200;
const MOST_VALUES = 1_000;

/** What was accepted, whatever experiment it belongs to. */
export class Traffic {
  batches = 0;
  events = 0;
  impressions = 0;
  readonly problems = new ProblemCounts();
  /** Events by the revision that their batch names, and those of them that do not count. */
  readonly revisions = new Map<string, number>();
  readonly lostByRevision = new Map<string, number>();
  /** Impressions of a flag by the rule that decided: `''` for none. */
  readonly flags = new Map<string, Map<string, number>>();
  /** Values of the attributes that audiences ask for, by their key; some of them, if there are many. */
  readonly attributes = new Map<string, Set<unknown>>();
  /** By flag and rule key. */
  readonly #strays = new Map<string, StrayImpressions>();

  add(event: InspectedEvent): void {
    this.events++;
    this.problems.add(event.problems);
    if (event.type !== 'impression') return;
    this.impressions++;
    const { flagKey = '', experimentId = '' } = event;
    if (flagKey === '' || isLost(event.problems)) return;
    const rules = this.flags.get(flagKey) ?? new Map<string, number>();
    if (this.flags.size < MOST_STRAYS) this.flags.set(flagKey, rules);
    count(rules, experimentId);
  }

  noteAttribute(key: string, value: unknown): void {
    const values = this.attributes.get(key) ?? new Set();
    this.attributes.set(key, values);
    if (values.size < MOST_VALUES) values.add(value);
  }

  /** @returns undefined if there are more than are kept, so that any value may have come */
  valuesOf(attributeKey: string): ReadonlySet<unknown> | undefined {
    const values = this.attributes.get(attributeKey) ?? new Set();
    return values.size < MOST_VALUES ? values : undefined;
  }

  addBatch(batch: InspectedBatch): void {
    this.batches++;
    const { revision, events } = batch;
    count(this.revisions, revision, events.length);
    let lost = 0;
    for (const event of events) {
      if (!event.problems.some(({ code }) => UNKNOWN.has(code))) continue;
      lost++;
      if (event.problems.some(({ code }) => code === 'unknown_experiment')) this.#stray(event, revision);
    }
    if (lost > 0) count(this.lostByRevision, revision, lost);
  }

  /** What came for a rule of this name, under an id that the datafile does not have. */
  strays(flagKey: string, ruleKey: string): StrayImpressions | undefined {
    return this.#strays.get(strayKey(flagKey, ruleKey));
  }

  #stray({ flagKey = '', ruleKey = '', experimentId = '' }: InspectedEvent, revision: string): void {
    if (ruleKey === '') return;
    const key = strayKey(flagKey, ruleKey);
    const known = this.#strays.get(key) ?? { count: 0, experimentId, revisions: new Map() };
    if (this.#strays.size < MOST_STRAYS) this.#strays.set(key, known);
    known.count++;
    known.experimentId = experimentId;
    count(known.revisions, revision);
  }
}

/** Ids that another datafile may have. */
const UNKNOWN: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'unknown_experiment',
  'unknown_campaign',
  'unknown_variation',
  'unknown_event',
]);

function strayKey(flagKey: string, ruleKey: string): string {
  return JSON.stringify([flagKey, ruleKey]);
}
