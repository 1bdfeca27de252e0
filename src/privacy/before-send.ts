// SPDX-License-Identifier: Apache-2.0
import type { EventTags, ExperimentEvent } from '../model/experiment-event.js';
import { errorLabel } from '../util/error-label.js';
import { isThenable } from '../util/guard.js';
import { isRuleToInfer } from '../util/own-event.js';
import { describeUnusable, isWrongShape, type Unusable } from '../util/unusable-field.js';

/**
 * Receives each event before it is queued, stored or sent. Returns it, a different one, or null to drop it.
 * Synchronous. `attributes` and `tags` are copies of what the application passed, tags as JSON has them, but for those
 * that JSON would change the meaning of, such as NaN. The amounts of a conversion that it returns are read from its tags.
 */
export type BeforeSend = (event: ExperimentEvent) => ExperimentEvent | null;

/** Makes an event of what `beforeSend` returned, or names the field that prevents it. Never throws. */
export type CheckEvent = (type: ExperimentEvent['type'], input: unknown) => ExperimentEvent | Unusable;

/** An event that `beforeSend` did not let through. `fault` is for the log; it is undefined if that was intended. */
export interface NotSent {
  readonly type: 'not sent';
  readonly fault: string | undefined;
}

export function askBeforeSend(
  beforeSend: BeforeSend,
  event: ExperimentEvent,
  check: CheckEvent,
): ExperimentEvent | NotSent {
  let returned: unknown;
  try {
    returned = beforeSend(copyOf(event));
    if (isThenable(returned)) {
      returned.then(undefined, () => {});
      return notSent('beforeSend returned a promise; it must be synchronous');
    }
  } catch (error) {
    return notSent(`beforeSend threw ${errorLabel(error)}`);
  }
  if (returned === null) return notSent(undefined);
  if (typeof returned !== 'object') return notSent('beforeSend returned neither an event nor null');
  const checked = check(event.type, returned);
  if (checked.type === 'unusable') {
    const { unusable } = checked;
    return notSent(
      isWrongShape(unusable)
        ? `beforeSend returned something that is not the ${event.type} it was given, nor one like it`
        : `beforeSend returned an event whose ${describeUnusable(event.type, unusable)}`,
    );
  }
  return isRuleToInfer(event) ? stillToInfer(checked) : checked;
}

function notSent(fault: string | undefined): NotSent {
  return { type: 'not sent', fault };
}

/** Unless `beforeSend` has said which rule it is. */
function stillToInfer(event: ExperimentEvent): ExperimentEvent {
  const isSaid = event.type !== 'impression' || event.ruleKey || event.experimentId || event.campaignId;
  return isSaid ? event : { ...event, inferRule: true };
}

function copyOf(event: ExperimentEvent): ExperimentEvent {
  const attributes = event.attributes && { ...event.attributes };
  return event.type === 'impression'
    ? { ...event, attributes }
    : { ...event, attributes, tags: event.tags && copyOfTags(event.tags) };
}

/** Down to the innermost member: what is redacted in place belongs to the event alone. */
function copyOfTags(tags: EventTags): EventTags {
  try {
    const copy = JSON.parse(JSON.stringify(tags)) as Record<string, unknown>;
    for (const key of Object.keys(copy)) if (meansElse(key, tags[key], copy[key])) copy[key] = tags[key];
    return copy;
  } catch {
    // It may mend what can't be serialized.
    return { ...tags };
  }
}

/**
 * Whether a tag would be sent otherwise if it were what JSON makes of it: NaN becomes null, which is left out, and a Date or
 * an object of a number a text or a number, which counts as an amount.
 */
function meansElse(key: string, given: unknown, copied: unknown): boolean {
  if (given === null || given === undefined) return false;
  const isAmount = key === 'revenue' || key === 'value';
  return copied === null || (isAmount && typeof given === 'object' && typeof copied !== 'object');
}
