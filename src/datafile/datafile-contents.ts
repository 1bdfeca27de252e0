// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, objectsOf } from '../util/json.js';
import { forEachInSteps, runAtOnce, type Steps } from '../util/steps.js';
import { textOf } from '../util/text-of.js';

/** An experiment, a delivery rule of a rollout, or a holdout, as it stands in the datafile. */
export interface DatafileRule {
  readonly id: string;
  readonly key: string;
  readonly kind: 'experiment' | 'delivery rule' | 'holdout';
  /** What its decisions carry: its layer's id where that is not empty, else its own. Of a holdout always its own. */
  readonly campaignId: string;
  readonly variations: readonly JsonObject[];
  readonly source: JsonObject;
}

/** A flag and its rules, in the order in which they are evaluated. */
export interface DatafileFlag {
  readonly key: string;
  readonly experiments: readonly DatafileRule[];
  readonly deliveryRules: readonly DatafileRule[];
}

/**
 * What a datafile consists of: the one reading on which resolving, the checks and the event inspector agree. A list that is
 * absent, or is not a list, counts as empty; of several experiments with one id the last one counts.
 */
export interface DatafileContents {
  /** Those of groups after the others. */
  readonly experiments: readonly DatafileRule[];
  readonly deliveryRules: readonly DatafileRule[];
  /** All global ones, and those local ones that name the rules they apply to. */
  readonly holdouts: readonly DatafileRule[];
  readonly flags: readonly DatafileFlag[];
  readonly events: readonly JsonObject[];
  readonly attributes: readonly JsonObject[];
}

export function readContents(datafile: JsonObject): DatafileContents {
  return runAtOnce(contentsInSteps(datafile));
}

export function* contentsInSteps(datafile: JsonObject): Steps<DatafileContents> {
  const experiments: DatafileRule[] = [];
  const experimentsById = new Map<string, DatafileRule>();
  for (const holder of [datafile, ...objectsOf(datafile.groups)]) {
    yield* forEachInSteps(objectsOf(holder.experiments), source => {
      const experiment = toRule(source, 'experiment');
      experiments.push(experiment);
      experimentsById.set(experiment.id, experiment);
    });
  }
  const rollouts = new Map<string, readonly DatafileRule[]>();
  yield* forEachInSteps(objectsOf(datafile.rollouts), rollout => {
    const rules = objectsOf(rollout.experiments).map(source => toRule(source, 'delivery rule'));
    rollouts.set(textOf(rollout.id), rules);
  });
  const flags: DatafileFlag[] = [];
  yield* forEachInSteps(objectsOf(datafile.featureFlags), flag => {
    flags.push({
      key: textOf(flag.key),
      experiments: listOf(flag.experimentIds).flatMap(id => experimentsById.get(textOf(id)) ?? []),
      deliveryRules: rollouts.get(textOf(flag.rolloutId)) ?? [],
    });
  });
  const localHoldouts = objectsOf(datafile.localHoldouts).filter(
    ({ includedRules }) => Array.isArray(includedRules) && includedRules.length > 0,
  );
  return {
    experiments,
    deliveryRules: [...rollouts.values()].flat(),
    holdouts: [...objectsOf(datafile.holdouts), ...localHoldouts].map(source => toRule(source, 'holdout')),
    flags,
    events: objectsOf(datafile.events),
    attributes: objectsOf(datafile.attributes),
  };
}

function toRule(source: JsonObject, kind: DatafileRule['kind']): DatafileRule {
  const id = textOf(source.id);
  const layerId = kind === 'holdout' ? '' : textOf(source.layerId);
  return {
    id,
    key: textOf(source.key),
    kind,
    campaignId: layerId || id,
    variations: objectsOf(source.variations),
    source,
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
