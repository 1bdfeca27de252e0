// SPDX-License-Identifier: Apache-2.0
import type { CheckId, CheckState } from './check.js';
import type { Filter } from './list.js';

export interface CheckView {
  readonly id: CheckId;
  /** What is looked at, in a few words. */
  readonly title: string;
  readonly state: CheckState;
  /** How many events, visitors or requests it concerns; the sentence says which. */
  readonly count: number;
  /** What was found, and what to do, in plain words. Quotes keys and ids, with invisible characters made visible. */
  readonly sentence: string;
  /** The events that were counted. */
  readonly evidence: Filter | undefined;
  /** Up to five: near keys, and visitor ids beside those that they look like. */
  readonly examples: readonly ExampleView[];
  /** Where Optimizely states the rule. */
  readonly source: LinkView | undefined;
}

export interface ExampleView {
  readonly found: string;
  readonly expected: string;
  /** How they differ: `case`, `white space`, `SHA-256 of it`. */
  readonly difference: string;
  /** Visitor id as it stands in the payload, for its timeline; undefined if the example is a key. */
  readonly visitorId: string | undefined;
}

export interface LinkView {
  readonly label: string;
  readonly url: string;
}

export interface DiagnosisView {
  /** `healthy`: impressions and measured conversions arrive, and nothing is wrong. `waiting`: too little has arrived. */
  readonly state: 'cause' | 'suspect' | 'healthy' | 'waiting';
  /** The root cause, or what is suspected first. */
  readonly rootCause: CheckId | undefined;
  /** It in a sentence, for the top of the card. */
  readonly headline: string;
  /** In the order of `CheckId`; none while nothing has come to the experiment. */
  readonly checks: readonly CheckView[];
}
