// SPDX-License-Identifier: Apache-2.0
import { NO_EARLIER_DECISION } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { isLost, type Problem } from '../inspection/problem.js';
import { ExperimentTallies } from './experiment-tally.js';
import { type Decision, VisitorRecord } from './visitor-record.js';

const VARIATION_CHANGED: Problem = {
  code: 'variation_changed',
  message:
    'this visitor saw another variation of the experiment before, and counts for the first one: keep the user id and the decision stable',
};

/** Whether a conversion of the event counts in the experiment. */
export type Measures = (experimentId: string, eventId: string) => boolean;

/**
 * Attributes events as Optimizely does: a visitor belongs to the first variation it saw in an experiment, by timestamp,
 * and its conversions count where they came after that. Batches overtake each other, so a decision may still change what
 * was found about conversions before it.
 *
 * Remembers so many visitors, and as many of their conversions: the oldest are forgotten, and stay counted.
 */
export class VisitorBook {
  readonly tallies = new ExperimentTallies();
  readonly #most: number;
  readonly #measures: Measures;
  readonly #visitors = new Map<string, VisitorRecord>();
  #conversions = 0;
  forgottenVisitors = 0;

  constructor(most: number, measures: Measures) {
    this.#most = most;
    this.#measures = measures;
  }

  /** Adds to the event's problems, and to those of conversions before it, what they show about each other. */
  add(event: InspectedEvent): void {
    if (event.type === 'conversion') {
      // There is no time to compare, and the event has its problem already.
      if (!event.problems.some(({ code }) => code === 'timestamp_not_millis')) this.#convert(event);
    } else if (!isLost(event.problems) && (event.experimentId ?? '') !== '') {
      this.#decide(event, event.experimentId ?? '');
    }
  }

  /** By experiment id. */
  decisionsOf(visitorId: string): ReadonlyMap<string, Decision> {
    return this.#visitors.get(visitorId)?.decisions ?? new Map();
  }

  decisionOf(visitorId: string, experimentId: string): Decision | undefined {
    return this.#visitors.get(visitorId)?.decisions.get(experimentId);
  }

  clear(): void {
    this.#visitors.clear();
    this.tallies.clear();
    this.#conversions = 0;
    this.forgottenVisitors = 0;
  }

  #convert(event: InspectedEvent): void {
    const record = this.#recordOf(event.visitorId);
    const counts = !isLost(event.problems);
    if (!(record.firstDecisionAt < event.timestamp)) {
      const why = Number.isFinite(record.firstDecisionAt)
        ? decidedLate(event, record.firstDecisionAt)
        : NO_EARLIER_DECISION;
      event.problems = [...event.problems, why];
    }
    if (counts) {
      for (const [experimentId, decision] of record.decisions) this.#credit(experimentId, decision, event);
    }
    this.#conversions += record.remember(event, counts);
    this.#bound();
  }

  #decide(event: InspectedEvent, experimentId: string): void {
    const record = this.#recordOf(event.visitorId);
    const variationId = event.variationId ?? '';
    const variation = this.tallies.variation(experimentId, variationId);
    if (variation !== undefined) {
      variation.impressions++;
      variation.key = event.variationKey ?? '';
      const { ruleKey = '', flagKey = '', ruleType = '' } = event;
      this.tallies.name(experimentId, { ruleKey, flagKey, ruleType });
    }
    const known = record.decisions.get(experimentId);
    if (known !== undefined && known.variationId !== variationId) {
      event.problems = [...event.problems, VARIATION_CHANGED];
    }
    if (known === undefined || event.timestamp < known.timestamp) {
      if (known !== undefined) this.#takeBack(experimentId, known);
      this.#assign(experimentId, record, { timestamp: event.timestamp, variationId, converted: new Map() });
    }
    this.#reconsider(record, event.timestamp);
    this.#bound();
  }

  #assign(experimentId: string, record: VisitorRecord, decision: Decision): void {
    record.decisions.set(experimentId, decision);
    const variation = this.tallies.variation(experimentId, decision.variationId);
    if (variation !== undefined) variation.visitors++;
    for (const conversion of record.countedConversions()) this.#credit(experimentId, decision, conversion);
  }

  #takeBack(experimentId: string, { variationId, converted }: Decision): void {
    const variation = this.tallies.variation(experimentId, variationId);
    if (variation !== undefined) variation.visitors--;
    for (const [eventKey, count] of converted) {
      const metric = this.tallies.metric(experimentId, variationId, eventKey);
      if (metric === undefined) continue;
      metric.visitors--;
      metric.conversions -= count;
    }
  }

  #credit(
    experimentId: string,
    { timestamp, variationId, converted }: Decision,
    event: InspectedEvent,
  ): void {
    if (event.timestamp <= timestamp || !this.#measures(experimentId, event.entityId ?? '')) return;
    const metric = this.tallies.metric(experimentId, variationId, event.key);
    if (metric === undefined) return;
    const before = converted.get(event.key) ?? 0;
    converted.set(event.key, before + 1);
    metric.conversions++;
    if (before === 0) metric.visitors++;
  }

  /** A decision has come: conversions that had none may count now, or at least know what is wrong. */
  #reconsider(record: VisitorRecord, decidedAt: number): void {
    if (decidedAt >= record.firstDecisionAt) return;
    record.firstDecisionAt = decidedAt;
    for (const conversion of record.conversionsWith(ABOUT_DECISIONS)) {
      const others = conversion.problems.filter(({ code }) => !ABOUT_DECISIONS.has(code));
      const decided = decidedAt < conversion.timestamp;
      conversion.problems = decided ? others : [...others, decidedLate(conversion, decidedAt)];
    }
  }

  /** Whoever was seen last is forgotten last. */
  #recordOf(visitorId: string): VisitorRecord {
    const record = this.#visitors.get(visitorId) ?? new VisitorRecord();
    this.#visitors.delete(visitorId);
    this.#visitors.set(visitorId, record);
    return record;
  }

  #bound(): void {
    for (const [visitorId, record] of this.#visitors) {
      if (this.#visitors.size <= this.#most && this.#conversions <= this.#most) return;
      if (this.#visitors.size === 1) return;
      this.#visitors.delete(visitorId);
      this.#conversions -= record.conversionCount;
      this.forgottenVisitors++;
    }
  }
}

const ABOUT_DECISIONS: ReadonlySet<string> = new Set(['no_earlier_decision', 'decision_after_conversion']);

function decidedLate({ timestamp }: InspectedEvent, decidedAt: number): Problem {
  const late = decidedAt === timestamp ? 'at the same millisecond' : `${decidedAt - timestamp} ms later`;
  return {
    code: 'decision_after_conversion',
    message: `the visitor's first counted decision came ${late}: record the impression before the conversion`,
  };
}
