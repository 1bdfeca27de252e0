// SPDX-License-Identifier: Apache-2.0
import { NO_EARLIER_DECISION } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { isLost, type Problem } from '../inspection/problem.js';
import { leavingAtOnce } from '../util/keep-newest.js';
import { credit, takeBack } from './contributions.js';
import { EventTallies } from './event-tally.js';
import { ExperimentTallies, type ExperimentTally, noteImpression } from './experiment-tally.js';
import { isRepeated } from './repetition.js';
import { ABOUT_DECISIONS, type Decision, VisitorRecord } from './visitor-record.js';

const VARIATION_CHANGED: Problem = {
  code: 'variation_changed',
  message:
    'this visitor saw another variation of the experiment before, and counts for the first one: keep the user id and the decision stable',
};

export interface VisitorBookOptions {
  /** So many visitors are remembered, and as many of their conversions. */
  readonly most: number;
  /**
   * The traffic allocation that divided a visitor of the experiment.
   *
   * @returns undefined if it is not known, `forced` if the datafile names the visitor's variation
   */
  readonly allocation: (
    experimentId: string,
    visitorId: string,
    revision: string,
  ) => ReadonlyMap<string, number> | 'forced' | undefined;
  /** Changes what is known to be wrong with an event. */
  readonly judge: (event: InspectedEvent, problems: readonly Problem[]) => void;
}

/**
 * Attributes events as Optimizely does: a visitor belongs to the first variation it saw in an experiment, by timestamp,
 * and its conversions count where they came after that. Batches overtake each other, so a decision may still change what
 * was found about conversions before it.
 *
 * Beyond its bound the oldest visitors are forgotten, and stay counted.
 */
export class VisitorBook {
  readonly tallies = new ExperimentTallies();
  readonly events = new EventTallies();
  readonly #options: VisitorBookOptions;
  readonly #visitors = new Map<string, VisitorRecord>();
  #conversions = 0;
  forgottenVisitors = 0;

  constructor(options: VisitorBookOptions) {
    this.#options = options;
  }

  /**
   * Adds to the event's problems, and to those of conversions before it, what they show about each other.
   *
   * @param revision of the datafile, as the batch names it
   */
  add(event: InspectedEvent, revision: string): void {
    if (event.type === 'conversion') this.#convert(event);
    else if ((event.experimentId ?? '') !== '') this.#decide(event, event.experimentId ?? '', revision);
  }

  decisionsOf(visitorId: string): readonly Decision[] {
    return this.#visitors.get(visitorId)?.decisions ?? [];
  }

  decisionOf(visitorId: string, experimentId: string): Decision | undefined {
    return this.#visitors.get(visitorId)?.decision(experimentId);
  }

  /** Conversions that count but for a decision, as far as they are remembered. */
  conversionsOf(visitorId: string): Iterable<InspectedEvent> {
    return this.#visitors.get(visitorId)?.soundConversions() ?? [];
  }

  /** Whether any event of the visitor is remembered. */
  knows(visitorId: string): boolean {
    return this.#visitors.has(visitorId);
  }

  /** Whether the visitor converted, as far as it is remembered. */
  converted(visitorId: string): boolean {
    return (this.#visitors.get(visitorId)?.conversionCount ?? 0) > 0;
  }

  clear(): void {
    this.#visitors.clear();
    this.tallies.clear();
    this.events.clear();
    this.#conversions = 0;
    this.forgottenVisitors = 0;
  }

  #convert(event: InspectedEvent): void {
    const tally = this.events.of(event);
    const counts = !isLost(event.problems);
    if (tally !== undefined) {
      tally.problems.add(event.problems);
      if (counts) tally.conversions++;
      else tally.lost++;
      if (event.visitorIsNumber) {
        tally.numeric++;
        tally.numericVisitors.add(event.visitorId);
      } else tally.visitors.add(event.visitorId);
    }
    // There is no time to compare, and the event has its problem already.
    if (event.problems.some(({ code }) => code === 'timestamp_not_millis')) return;
    const record = this.#recordOf(event.visitorId);
    if (tally !== undefined && counts && isRepeated(record, event)) tally.repeated++;
    if (!(record.firstDecisionAt < event.timestamp)) {
      const why = Number.isFinite(record.firstDecisionAt)
        ? decidedLate(event, record.firstDecisionAt)
        : NO_EARLIER_DECISION;
      this.#options.judge(event, [...event.problems, why]);
    }
    if (counts) for (const decision of record.decisions) credit(this.tallies, decision, event);
    this.#conversions += record.remember(event);
    this.#bound();
  }

  #decide(event: InspectedEvent, experimentId: string, revision: string): void {
    const tally = this.tallies.experiment(experimentId);
    if (tally !== undefined) noteImpression(tally, event, revision);
    if (isLost(event.problems)) return;
    const record = this.#recordOf(event.visitorId);
    const variationId = event.variationId ?? '';
    const variation = this.tallies.variation(experimentId, variationId);
    if (variation !== undefined) {
      variation.impressions++;
      variation.key = event.variationKey ?? '';
    }
    const known = record.decision(experimentId);
    const changed = known !== undefined && known.variationId !== variationId;
    if (changed) this.#options.judge(event, [...event.problems, VARIATION_CHANGED]);
    const several = changed || known?.several === true;
    if (tally !== undefined && several && known?.several === false) tally.severalVariations++;
    if (known === undefined || event.timestamp < known.timestamp) {
      if (known !== undefined) this.#takeBack(known, tally);
      this.#assign(record, event, { experimentId, variationId, several, revision });
    } else known.several = several;
    this.#reconsider(record, event.timestamp);
    this.#bound();
  }

  #assign(
    record: VisitorRecord,
    { timestamp, visitorId }: InspectedEvent,
    given: { experimentId: string; variationId: string; several: boolean; revision: string },
  ): void {
    const { experimentId, variationId, several, revision } = given;
    const tally = this.tallies.experiment(experimentId);
    const weights = this.#options.allocation(experimentId, visitorId, revision);
    const forced = weights === 'forced';
    const segment = forced ? undefined : tally?.ratio.add(variationId, weights, revision);
    const decision: Decision = {
      experimentId,
      timestamp,
      variationId,
      several,
      segment,
      forced,
      contributions: undefined,
    };
    record.decide(decision);
    tally?.exposed.add(visitorId);
    const variation = this.tallies.variation(experimentId, variationId);
    if (variation !== undefined) variation.visitors++;
    for (const conversion of record.soundConversions()) credit(this.tallies, decision, conversion);
  }

  #takeBack(decision: Decision, tally: ExperimentTally | undefined): void {
    if (!decision.forced) tally?.ratio.remove(decision.variationId, decision.segment);
    takeBack(this.tallies, decision);
  }

  /** A decision has come: conversions that had none may count now, or at least know what is wrong. */
  #reconsider(record: VisitorRecord, decidedAt: number): void {
    if (decidedAt >= record.firstDecisionAt) return;
    record.firstDecisionAt = decidedAt;
    for (const conversion of record.conversionsWith(ABOUT_DECISIONS)) {
      const others = conversion.problems.filter(({ code }) => !ABOUT_DECISIONS.has(code));
      const decided = decidedAt < conversion.timestamp;
      this.#options.judge(conversion, decided ? others : [...others, decidedLate(conversion, decidedAt)]);
    }
  }

  /** The visitor who was seen last is forgotten last. */
  #recordOf(visitorId: string): VisitorRecord {
    const record = this.#visitors.get(visitorId) ?? new VisitorRecord();
    this.#visitors.delete(visitorId);
    this.#visitors.set(visitorId, record);
    return record;
  }

  #bound(): void {
    const { most } = this.#options;
    if (this.#visitors.size <= most && this.#conversions <= most) return;
    const few = most + 1 - leavingAtOnce(most);
    for (const [visitorId, record] of this.#visitors) {
      if (this.#visitors.size <= few && this.#conversions <= few) return;
      if (this.#visitors.size === 1) return;
      this.#visitors.delete(visitorId);
      this.#conversions -= record.conversionCount;
      this.forgottenVisitors++;
    }
  }
}

function decidedLate({ timestamp }: InspectedEvent, decidedAt: number): Problem {
  const late = decidedAt === timestamp ? 'at the same millisecond' : `${decidedAt - timestamp} ms later`;
  return {
    code: 'decision_after_conversion',
    message: `the visitor's first counted decision came ${late}: record the impression before the conversion`,
  };
}
