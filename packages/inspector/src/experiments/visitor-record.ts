// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { isLost, type ProblemCode } from '../inspection/problem.js';
import type { Segment } from '../statistics/sample-ratio-monitor.js';

/** What a visitor brought to its variation by one event. */
export interface Contribution {
  readonly eventId: string;
  conversions: number;
  early: number;
  tied: number;
  revenue: number;
  revenues: number;
  value: number;
  values: number;
}

/** The first decision of a visitor in an experiment. */
export interface Decision {
  readonly experimentId: string;
  readonly timestamp: number;
  readonly variationId: string;
  /** Whether the visitor saw another variation too. */
  several: boolean;
  /** Where the sample ratio counts it; undefined if nowhere. */
  readonly segment: Segment | undefined;
  /** Whether the datafile names the visitor's variation, so that no ratio counts it. */
  readonly forced: boolean;
  /** One an event; undefined while there is none. Lists, as most visitors do one or two things. */
  contributions: Contribution[] | undefined;
}

const MOST_CONVERSIONS = 1_000;
const NONE: readonly Decision[] = [];

/** What is remembered of one visitor. */
export class VisitorRecord {
  /** Of any experiment; infinite while there is none. */
  firstDecisionAt = Number.POSITIVE_INFINITY;
  #decisions: readonly Decision[] = NONE;
  #conversions: InspectedEvent[] | undefined;

  /** One an experiment. */
  get decisions(): readonly Decision[] {
    return this.#decisions;
  }

  get conversionCount(): number {
    return this.#conversions?.length ?? 0;
  }

  decision(experimentId: string): Decision | undefined {
    for (const decision of this.#decisions) if (decision.experimentId === experimentId) return decision;
    return undefined;
  }

  /** Takes the place of the one that the experiment had. */
  decide(decision: Decision): void {
    const others = this.#decisions.filter(({ experimentId }) => experimentId !== decision.experimentId);
    this.#decisions = [...others, decision];
  }

  /** @returns by how many the remembered conversions have grown */
  remember(event: InspectedEvent): number {
    this.#conversions ??= [];
    const before = this.#conversions.length;
    this.#conversions.push(event);
    if (this.#conversions.length > MOST_CONVERSIONS) {
      this.#conversions = this.#conversions.slice(MOST_CONVERSIONS / 2);
    }
    return this.#conversions.length - before;
  }

  /** Conversions that have no problem but one that a decision could mend. */
  *soundConversions(): Generator<InspectedEvent> {
    for (const event of this.#conversions ?? []) if (isSound(event)) yield event;
  }

  /** Conversions that have one of these problems. */
  *conversionsWith(codes: ReadonlySet<ProblemCode>): Generator<InspectedEvent> {
    for (const event of this.#conversions ?? []) {
      if (event.problems.some(({ code }) => codes.has(code))) yield event;
    }
  }

  /** The last so many, the latest first. */
  *latestConversions(most: number): Generator<InspectedEvent> {
    const all = this.#conversions ?? [];
    for (let at = all.length - 1; at >= Math.max(0, all.length - most); at--) {
      const event = all[at];
      if (event !== undefined && isSound(event)) yield event;
    }
  }
}

/** Problems of a conversion that a decision, which arrives later, changes. */
export const ABOUT_DECISIONS: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'no_earlier_decision',
  'decision_after_conversion',
]);

/** Whether nothing but a decision may be missing. */
export function isSound({ problems }: InspectedEvent): boolean {
  return problems.length === 0 || !isLost(problems.filter(({ code }) => !ABOUT_DECISIONS.has(code)));
}
