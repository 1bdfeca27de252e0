// SPDX-License-Identifier: Apache-2.0
import { SequentialRatio } from './sequential-ratio.js';

/** Below this, a sample ratio is a defect of the experiment and not chance, however often it was looked at. */
export const MISMATCH_P_VALUE = 0.002;
/** So many visitors are expected in each variation before anything is said. */
const LEAST_EXPECTED = 5;
const MOST_SEGMENTS = 50;

/** Visitors that were divided by one traffic allocation. */
export interface Segment {
  readonly weights: ReadonlyMap<string, number>;
  readonly ratio: SequentialRatio;
  /** Of the batches in which they arrived. */
  readonly revisions: Set<string>;
  /** Visitors by variation, of those that the allocation gives no traffic. */
  readonly withoutTraffic: Map<string, number>;
}

/**
 * Compares the visitors of an experiment with its traffic allocation. A change of the allocation begins a segment of its own;
 * the evidence of all is multiplied, as they are independent. What counts is who has come, not in which order: visitors arrive
 * sorted where a file is replayed, and some change sides when an earlier impression turns up.
 */
export class SampleRatioMonitor {
  readonly #segments = new Map<string, Segment>();
  /** Visitors whose datafile revision was never seen here, so that their allocation is not known. */
  unknownAllocation = 0;

  /** How likely so much evidence is if all is well, whenever you look; 1 while nothing can be told. */
  get pValue(): number {
    let evidence = 0;
    for (const segment of this.#segments.values()) {
      if (SampleRatioMonitor.isTold(segment)) evidence += segment.ratio.logEvidence;
    }
    return Math.min(1, Math.exp(-evidence));
  }

  /** The oldest allocation first. */
  get segments(): readonly Segment[] {
    return [...this.#segments.values()];
  }

  get visitorsWithoutTraffic(): number {
    let sum = 0;
    for (const { withoutTraffic } of this.#segments.values()) {
      for (const visitors of withoutTraffic.values()) sum += visitors;
    }
    return sum;
  }

  /** Variations that have visitors though the allocation gives them no traffic. */
  get variationsWithoutTraffic(): string[] {
    return [...new Set(this.segments.flatMap(({ withoutTraffic }) => [...withoutTraffic.keys()]))];
  }

  get compared(): number {
    return this.segments.reduce((sum, { ratio }) => sum + ratio.total, 0);
  }

  /** Variations that should have had visitors by now, and have none. */
  get withoutVisitors(): string[] {
    const told = this.segments.filter(SampleRatioMonitor.isTold);
    const expected = new Set(told.flatMap(({ weights }) => [...weights.keys()]));
    return [...expected].filter(id => this.segments.every(({ ratio }) => ratio.count(id) === 0));
  }

  /**
   * @param weights the allocation that divided the visitor; undefined if it is not known
   * @returns what `remove` has to be told
   */
  add(
    variationId: string,
    weights: ReadonlyMap<string, number> | undefined,
    revision: string,
  ): Segment | undefined {
    const segment = weights === undefined ? undefined : this.#segmentOf(weights);
    if (segment === undefined) {
      this.unknownAllocation++;
      return undefined;
    }
    segment.revisions.add(revision);
    if (!segment.weights.has(variationId)) shift(segment.withoutTraffic, variationId, 1);
    else segment.ratio.add(variationId);
    return segment;
  }

  /** The visitor has turned out to belong to another variation. */
  remove(variationId: string, segment: Segment | undefined): void {
    if (segment === undefined) this.unknownAllocation--;
    else if (!segment.weights.has(variationId)) shift(segment.withoutTraffic, variationId, -1);
    else segment.ratio.remove(variationId);
  }

  /** Whether enough visitors have come to say anything about a segment. */
  static isTold({ weights, ratio }: Segment): boolean {
    return weights.size > 1 && ratio.leastExpected >= LEAST_EXPECTED;
  }

  #segmentOf(weights: ReadonlyMap<string, number>): Segment | undefined {
    const signature = JSON.stringify([...weights]);
    const known = this.#segments.get(signature);
    if (known !== undefined || this.#segments.size >= MOST_SEGMENTS) return known;
    const ratio = new SequentialRatio(weights);
    const added: Segment = { weights, ratio, revisions: new Set(), withoutTraffic: new Map() };
    this.#segments.set(signature, added);
    return added;
  }
}

function shift(visitors: Map<string, number>, variationId: string, by: 1 | -1): void {
  const count = (visitors.get(variationId) ?? 0) + by;
  if (count > 0) visitors.set(variationId, count);
  else visitors.delete(variationId);
}
