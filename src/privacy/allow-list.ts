// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent } from '../model/experiment-event.js';
import { amountsOf } from '../util/amounts.js';

/** Keeps of attributes and tags those whose keys are listed. The numbers `revenue` and `value` stay: they are the measure. */
export function keepListed(event: ExperimentEvent, keys: ReadonlySet<string>): ExperimentEvent {
  const attributes = listed(event.attributes, keys);
  return event.type === 'impression'
    ? { ...event, attributes }
    : { ...event, ...amountsOf(event), attributes, tags: listed(event.tags, keys) };
}

function listed<T>(
  members: Readonly<Record<string, T>> | undefined,
  keys: ReadonlySet<string>,
): Record<string, T> | undefined {
  if (members === undefined) return undefined;
  // fromEntries defines members, so a key named __proto__ stays a key.
  return Object.fromEntries(Object.entries(members).filter(([key]) => keys.has(key)));
}
