// SPDX-License-Identifier: Apache-2.0

/**
 * The experiment that a flag and a variation belong to, if the event does not name it. `none`: no experiment of the
 * flag has the variation. `ambiguous`: one has, but another rule of the flag, or a holdout, has one of its variations
 * too; then no variation of that experiment tells its visitors from others, and to count only those that do would
 * falsify its results.
 */
export type InferredRule = 'none' | 'ambiguous' | { readonly ruleKey: string };

export const AMBIGUOUS_EVALUATION =
  'a feature_flag.evaluation event may be of an experiment or of another rule of its flag that has the same variation: ' +
  'it is ignored; have it carry the attribute optimizely.rule.key';
