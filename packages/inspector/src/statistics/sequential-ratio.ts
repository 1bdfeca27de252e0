// SPDX-License-Identifier: Apache-2.0

/** The parameters of a Dirichlet distribution, by variation. */
export type Prior = ReadonlyMap<string, number>;

/**
 * How tightly the priors lie around the expected shares, in visitors: tight ones tell small deviations of many visitors,
 * wide ones large deviations of few.
 */
const CONCENTRATIONS: readonly number[] = [10, 100, 1_000, 10_000];

interface Model {
  readonly prior: Prior;
  readonly priorTotal: number;
  /** The natural logarithm of the model's Bayes factor against the expected shares. */
  logFactor: number;
}

/**
 * Sequential test of a sample ratio: Dirichlet-multinomial models, mixed with equal weights, against the expected multinomial
 * one. The Bayes factor is kept up to date visitor by visitor. Where the shares are as expected it ever exceeds 1 / p in at
 * most p of all experiments, however often it is looked at (Ville's inequality).
 *
 * @see https://github.com/optimizely/ssrm
 * @see https://arxiv.org/abs/2011.03567
 */
export class SequentialRatio {
  /** Expected share by variation. */
  readonly #shares: ReadonlyMap<string, number>;
  readonly #leastShare: number;
  readonly #models: readonly Model[];
  readonly #counts = new Map<string, number>();
  #total = 0;

  /**
   * @param weights what each variation is to get, in any unit; all positive
   * @param priors of the models; each has the variations of the weights
   */
  constructor(weights: ReadonlyMap<string, number>, priors: readonly Prior[] = priorsAround(weights)) {
    this.#shares = sharesOf(weights);
    this.#leastShare = Math.min(...this.#shares.values());
    this.#models = priors.map(prior => ({
      prior,
      priorTotal: [...prior.values()].reduce((sum, alpha) => sum + alpha, 0),
      logFactor: 0,
    }));
  }

  get total(): number {
    return this.#total;
  }

  /** Visitors that are expected in the variation with the least traffic. */
  get leastExpected(): number {
    return this.#total * this.#leastShare;
  }

  /** The natural logarithm of the Bayes factor of all models against the expected shares. */
  get logEvidence(): number {
    let largest = Number.NEGATIVE_INFINITY;
    for (const { logFactor } of this.#models) if (logFactor > largest) largest = logFactor;
    let sum = 0;
    for (const { logFactor } of this.#models) sum += Math.exp(logFactor - largest);
    return largest + Math.log(sum / this.#models.length);
  }

  /** @throws RangeError if the variation has no weight */
  add(id: string): void {
    this.#shift(id, this.count(id), 1);
    this.#counts.set(id, this.count(id) + 1);
    this.#total++;
  }

  /** Undoes one `add`: the factor depends on the counts alone, not on their order. */
  remove(id: string): void {
    const count = this.count(id) - 1;
    this.#counts.set(id, count);
    this.#total--;
    this.#shift(id, count, -1);
  }

  count(id: string): number {
    return this.#counts.get(id) ?? 0;
  }

  /** By the probability that each model gives the next visitor, against the expected one. */
  #shift(id: string, count: number, sign: 1 | -1): void {
    const share = this.#shares.get(id);
    if (share === undefined) throw new RangeError(`variation ${JSON.stringify(id)} has no weight`);
    for (const model of this.#models) {
      const predicted = ((model.prior.get(id) ?? 0) + count) / (model.priorTotal + this.#total);
      model.logFactor += sign * Math.log(predicted / share);
    }
  }
}

function sharesOf(weights: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  return new Map([...weights].map(([id, weight]) => [id, weight / sum]));
}

function priorsAround(weights: ReadonlyMap<string, number>): readonly Prior[] {
  const shares = [...sharesOf(weights)];
  return CONCENTRATIONS.map(
    concentration => new Map(shares.map(([id, share]) => [id, share * concentration])),
  );
}
