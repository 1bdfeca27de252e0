// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import { isThenable } from '../util/guard.js';
import { memberOf } from '../util/own-members.js';
import { misnamed, type WrongShape } from '../util/unusable-field.js';
import { misnamedIn } from './member-names.js';

type Given = Readonly<Record<string, unknown>>;

/** What a record call was given in place of an object. */
export function shapeOf(input: unknown): WrongShape {
  if (input === undefined || input === null) return 'nothing';
  return typeof input === 'string' ? 'a string' : 'something else';
}

/**
 * Finds out what was meant by an argument in which a field is missing, so that the message can say what to write.
 *
 * @returns what it is, or the field again
 */
export function explainMissing(type: ExperimentEventType, input: object, field: string): string {
  try {
    const given = input as Given;
    return wrongShape(type, given, field) ?? misnamedField(type, given, field) ?? field;
  } catch {
    // A getter or proxy of the application's.
    return field;
  }
}

function wrongShape(type: ExperimentEventType, given: Given, field: string): WrongShape | undefined {
  if (Array.isArray(given)) return 'a list';
  if (isThenable(given)) return 'a promise';
  if (typeof memberOf(given, 'getUserId') === 'function' && typeof memberOf(given, 'decide') === 'function')
    return 'a user context';
  if (type === 'conversion') {
    if (isDecision(given)) return 'a decision';
    return field === 'eventKey' && hasOneOf(given, ['flagKey', 'ruleKey', 'variationKey'])
      ? 'an impression'
      : undefined;
  }
  if (field === 'ruleKey' && hasOneOf(given, ['eventKey'])) return 'a conversion';
  return field === 'userId' && Object.values(given).some(isDecision) ? 'several decisions' : undefined;
}

function isDecision(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [flagKey, userContext] = [memberOf(value, 'flagKey'), memberOf(value, 'userContext')];
  return typeof flagKey === 'string' && typeof userContext === 'object' && userContext !== null;
}

function hasOneOf(given: Given, names: readonly string[]): boolean {
  return names.some(name => typeof memberOf(given, name) === 'string' && given[name] !== '');
}

/** What identifies the experiment may be given by its flag as well. */
const IDENTIFYING = ['ruleKey', 'flagKey'];

function misnamedField(type: ExperimentEventType, given: Given, field: string): string | undefined {
  const wanted = field === 'ruleKey' ? IDENTIFYING : [field];
  for (const member of wanted) {
    const value: unknown = memberOf(given, member);
    if (value !== undefined && value !== null && value !== '') continue;
    const found = misnamedIn(type, given, member);
    if (found !== undefined) return misnamed(found);
  }
  return undefined;
}
