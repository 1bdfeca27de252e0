// SPDX-License-Identifier: Apache-2.0
import type { CheckId, CheckState, ExampleView, Filter, LinkView } from '../view/types.js';

/** What a check has found by itself, before causes are told from their consequences. */
export interface Finding {
  readonly state: Exclude<CheckState, 'consequence'>;
  readonly count: number;
  readonly sentence: string;
  readonly evidence?: Filter;
  readonly examples?: readonly ExampleView[];
}

/** One question of the checklist. */
export interface Check<T> {
  readonly id: CheckId;
  readonly title: string;
  /** What it explains where it is a cause. */
  readonly explains: readonly CheckId[];
  /** What it explains besides while no impression of the experiment counts. */
  readonly explainsSilence?: readonly CheckId[];
  /** Whether it explains them also where it is only suspected. */
  readonly explainsIfSuspected?: boolean;
  /** Where Optimizely states the rule. */
  readonly source?: LinkView;
  /** @returns undefined if the question does not arise */
  readonly look: (subject: T) => Finding | undefined;
}

/** From this share on, what is wrong with some events is taken for a cause. */
const CAUSE_SHARE = 0.05;

/**
 * Judges a defect by how many of the events have it.
 *
 * @param all events that could have it
 * @param remain whether anything is counted in spite of it
 */
export function stateOfDefect(count: number, all: number, remain: boolean): 'cause' | 'suspect' | 'passed' {
  if (count === 0) return 'passed';
  return !remain || count >= all * CAUSE_SHARE ? 'cause' : 'suspect';
}

/** What can't be told here. */
export function unknown(sentence: string): Finding {
  return { state: 'unknown', count: 0, sentence };
}

/** What can't be told yet. */
export function waiting(sentence = 'Nothing has arrived yet to tell it by.'): Finding {
  return { state: 'waiting', count: 0, sentence };
}
