// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { TestDatafile } from '../support/arbitrary-datafile.js';

/** The project that the golden payloads are of. */
export function readDatafile(changes: Partial<TestDatafile> = {}): TestDatafile {
  const text = readFileSync(new URL('../golden/datafile.json', import.meta.url), 'utf8');
  return { ...(JSON.parse(text) as TestDatafile), ...changes };
}

/** Every flag's experiments are paused, so that delivery rules decide. */
export function withoutExperiments(changes: Partial<TestDatafile> = {}): TestDatafile {
  const datafile = readDatafile(changes);
  const experiments = datafile.experiments.map(rule => ({ ...rule, status: 'Paused' }));
  const groups = datafile.groups?.map(group => ({
    ...group,
    experiments: group.experiments.map(rule => ({ ...rule, status: 'Paused' })),
  }));
  return { ...datafile, experiments, groups } as TestDatafile;
}

/** The first experiment of the flag is a feature rollout, which has the everyone-else variation of the flag. */
export function withFeatureRollout(changes: Partial<TestDatafile> = {}): TestDatafile {
  const datafile = readDatafile(changes);
  const experiments = datafile.experiments.map(rule =>
    rule.key === 'search_test' ? { ...rule, type: 'fr', trafficAllocation: [] } : rule,
  );
  return { ...datafile, experiments } as TestDatafile;
}

export function withHoldouts(which: 'holdouts' | 'localHoldouts'): TestDatafile {
  const datafile = readDatafile();
  const running = datafile[which]?.map(holdout => ({ ...holdout, status: 'Running' }));
  return { ...datafile, [which]: running } as TestDatafile;
}
