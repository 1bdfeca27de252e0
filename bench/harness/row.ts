// SPDX-License-Identifier: Apache-2.0

/** How much a full run does, or the least that shows that a row works. */
export interface Size {
  readonly short: boolean;
}

/** Met if any of its members holds. */
export interface Target {
  /** Times as fast as the peer. */
  readonly atLeast?: number;
  /** Times the peer's figure. */
  readonly atMost?: number;
  /** More than the peer, in the row's unit. */
  readonly atMostMore?: number;
}

export type Sides = SidesInTurn | SidesAtOnce;

/** One row of the table. Figures are costs: the smaller, the better. */
export interface Row {
  readonly name: string;
  readonly peer: string;
  readonly unit: 'ns' | 'ms' | 'bytes' | 'requests';
  /** Absent: a figure to watch. */
  readonly target?: Target;
  /** @default as many as the run says; 1 for what is the same every time */
  readonly rounds?: number;
  /** Sides that start a process for each figure warm up in there. @default 2 */
  readonly warmUps?: number;
  /** Called just before the first round, so that rows don't weigh on each other's heap. */
  open(): Sides | Promise<Sides>;
}

interface Closable {
  /** After the last round: checks what both have made, and frees it. */
  close?(): void | Promise<void>;
}

/** One side does the whole round, then the other. */
export interface SidesInTurn extends Closable {
  /** One figure. Throws if an event went astray. */
  ours(): number | Promise<number>;
  theirs(): number | Promise<number>;
}

/** Each round does the work of both. */
export interface SidesAtOnce extends Closable {
  /** Both figures of a round. Throws if an event went astray. */
  both(): Promise<Figures>;
}

export interface Figures {
  readonly ours: number;
  readonly theirs: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Result {
  readonly name: string;
  readonly peer: string;
  readonly unit: Row['unit'];
  readonly target: Target | undefined;
  /** Round by round: ours / theirs; where the target is `atLeast`, theirs / ours. */
  readonly ratio: Spread;
  /** Round by round: ours - theirs. */
  readonly more: Spread;
  readonly ours: Spread;
  readonly theirs: Spread;
  readonly rounds: number;
  /** undefined: no target, or a short run. */
  readonly met: boolean | undefined;
}
