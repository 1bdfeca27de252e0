// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '../util/json.js';

const SCALARS = [
  'version',
  'accountId',
  'projectId',
  'revision',
  'region',
  'botFiltering',
  'anonymizeIP',
  'sendFlagDecisions',
];
const LISTS = [
  'experiments',
  'groups',
  'rollouts',
  'featureFlags',
  'events',
  'attributes',
  'holdouts',
  'localHoldouts',
];

/** What can be read of a datafile in no time, and differs between most datafiles: its scalars, and how long its lists are. */
export type DatafileSketch = readonly unknown[];

/** @throws whatever a getter of the object throws */
export function sketchOf(datafile: JsonObject): DatafileSketch {
  const scalars = SCALARS.map(name => {
    const value = datafile[name];
    return typeof value === 'object' && value !== null ? 'object' : value;
  });
  const lengths = LISTS.map(name => {
    const list = datafile[name];
    return Array.isArray(list) ? list.length : undefined;
  });
  return [...scalars, ...lengths];
}

export function sameSketch(one: DatafileSketch, other: DatafileSketch): boolean {
  return one.every((value, index) => Object.is(value, other[index]));
}
