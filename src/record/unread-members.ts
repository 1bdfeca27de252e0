// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventDoubt } from '../util/event-doubts.js';
import { misnamedIn } from './member-names.js';

const TAG = 'tags.';

/**
 * Finds a member of a record call's argument that is not read because of its name, such as a revenue beside the tags. Only
 * events that lack something are looked at: it costs time.
 */
export function unreadMember(event: ExperimentEvent, input: unknown): EventDoubt | undefined {
  if (!lacksSomething(event)) return undefined;
  try {
    const found = misnamedIn(event.type, input as Readonly<Record<string, unknown>>);
    if (found === undefined) return undefined;
    const { name, meant } = found;
    const call = event.type === 'impression' ? 'recordImpression' : 'recordConversion';
    const right = meant.startsWith(TAG) ? `tags: { ${meant.slice(TAG.length)} }` : meant;
    return {
      kind: `${event.type} ${meant}`,
      message: `${call} does not read "${name}": write ${right} in its place`,
    };
  } catch {
    // A getter or proxy of the application's.
    return undefined;
  }
}

function lacksSomething(event: ExperimentEvent): boolean {
  if (event.attributes === undefined) return true;
  return event.type === 'conversion'
    ? event.tags === undefined
    : event.variationKey === '' || event.ruleKey === '' || event.flagKey === '';
}
