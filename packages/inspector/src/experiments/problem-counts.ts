// SPDX-License-Identifier: Apache-2.0
import type { Problem, ProblemCode } from '../inspection/problem.js';

export interface ProblemCount {
  readonly code: ProblemCode;
  readonly count: number;
  /** The latest one of this code. */
  readonly message: string;
}

/** How many events have which problem. */
export class ProblemCounts {
  readonly #counts = new Map<ProblemCode, { count: number; message: string }>();

  add(problems: readonly Problem[]): void {
    for (const { code, message } of problems) {
      const known = this.#counts.get(code);
      if (known === undefined) this.#counts.set(code, { count: 1, message });
      else {
        known.count++;
        known.message = message;
      }
    }
  }

  count(code: ProblemCode): number {
    return this.#counts.get(code)?.count ?? 0;
  }

  /** The most frequent of those that are wanted. */
  most(wanted: (code: ProblemCode) => boolean): ProblemCount | undefined {
    let most: ProblemCount | undefined;
    for (const [code, known] of this.#counts) {
      if (wanted(code) && known.count > (most?.count ?? 0)) most = { code, ...known };
    }
    return most;
  }
}
