// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';

/** The first decision of a visitor in an experiment. */
export interface Decision {
  readonly timestamp: number;
  readonly variationId: string;
  /** Conversions that were counted for it, by event key. */
  readonly converted: Map<string, number>;
}

interface Conversion {
  readonly event: InspectedEvent;
  readonly counts: boolean;
}

const MOST_CONVERSIONS = 1_000;

/** What is remembered of one visitor. */
export class VisitorRecord {
  /** Of any experiment; infinite while there is none. */
  firstDecisionAt = Number.POSITIVE_INFINITY;
  /** By experiment id. */
  readonly decisions = new Map<string, Decision>();
  #conversions: Conversion[] = [];

  get conversionCount(): number {
    return this.#conversions.length;
  }

  /**
   * @param counts whether it has no other problem, which a decision could not mend
   * @returns by how many the remembered conversions have grown
   */
  remember(event: InspectedEvent, counts: boolean): number {
    const before = this.#conversions.length;
    this.#conversions.push({ event, counts });
    if (this.#conversions.length > MOST_CONVERSIONS) {
      this.#conversions = this.#conversions.slice(MOST_CONVERSIONS / 2);
    }
    return this.#conversions.length - before;
  }

  *countedConversions(): Generator<InspectedEvent> {
    for (const { event, counts } of this.#conversions) if (counts) yield event;
  }

  /** Conversions that have one of these problems. */
  *conversionsWith(codes: ReadonlySet<string>): Generator<InspectedEvent> {
    for (const { event } of this.#conversions) {
      if (event.problems.some(({ code }) => codes.has(code))) yield event;
    }
  }
}
