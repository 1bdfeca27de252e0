// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import type { Segment } from '../statistics/sample-ratio-monitor.js';

/** What a visitor brought to its variation by one event. */
export interface Contribution {
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
  /** By event id; undefined while there is none. */
  contributions: Map<string, Contribution> | undefined;
}

interface Conversion {
  readonly event: InspectedEvent;
  readonly counts: boolean;
}

const MOST_CONVERSIONS = 1_000;
const NONE: readonly Decision[] = [];

/** What is remembered of one visitor. */
export class VisitorRecord {
  /** Of any experiment; infinite while there is none. */
  firstDecisionAt = Number.POSITIVE_INFINITY;
  #decisions: readonly Decision[] = NONE;
  #conversions: Conversion[] | undefined;

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

  /**
   * @param counts whether it has no other problem, which a decision could not mend
   * @returns by how many the remembered conversions have grown
   */
  remember(event: InspectedEvent, counts: boolean): number {
    this.#conversions ??= [];
    const before = this.#conversions.length;
    this.#conversions.push({ event, counts });
    if (this.#conversions.length > MOST_CONVERSIONS) {
      this.#conversions = this.#conversions.slice(MOST_CONVERSIONS / 2);
    }
    return this.#conversions.length - before;
  }

  *countedConversions(): Generator<InspectedEvent> {
    for (const { event, counts } of this.#conversions ?? []) if (counts) yield event;
  }

  /** Conversions that have one of these problems. */
  *conversionsWith(codes: ReadonlySet<string>): Generator<InspectedEvent> {
    for (const { event } of this.#conversions ?? []) {
      if (event.problems.some(({ code }) => codes.has(code))) yield event;
    }
  }

  /** The last so many, the latest first. */
  *latestConversions(most: number): Generator<InspectedEvent> {
    const all = this.#conversions ?? [];
    for (let at = all.length - 1; at >= Math.max(0, all.length - most); at--) {
      const conversion = all[at];
      if (conversion?.counts) yield conversion.event;
    }
  }
}
