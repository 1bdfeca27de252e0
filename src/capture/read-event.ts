// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import {
  ATTR_FEATURE_FLAG_CONTEXT_ID,
  ATTR_OPTIMIZELY_EVENT_UUID,
  EVENT_FEATURE_FLAG_EVALUATION,
} from '../model/semantic-conventions.js';
import { checkInput } from '../record/check-input.js';
import { experimentEventType } from '../util/event-names.js';
import { hasMember } from '../util/own-members.js';
import { systemRuntime } from '../util/system-runtime.js';
import { unusable } from '../util/unusable-field.js';
import type { EventOrigin, RawEvent } from './raw-event.js';
import { namesRule, readEvaluationEvent } from './read-evaluation-event.js';
import {
  attributeOf,
  attributesOf,
  type RawExperimentEvent,
  readSpanEventSafely,
  withUuid,
} from './read-span-event.js';

/** An event that can't be used, however often it is sent. */
export interface UnreadableEvent {
  readonly type: ExperimentEventType;
  /** The attribute at fault. */
  readonly unusable: string;
}

/** Never throws. */
export function isUnreadable(event: ExperimentEvent | UnreadableEvent): event is UnreadableEvent {
  try {
    return hasMember(event, 'unusable');
  } catch {
    // Not an event at all, or a trap of the application's.
    return false;
  }
}

/**
 * What a span event or log record is: an experiment event; or one that a helper of this package has `shown` in the trace
 * without its user, and has delivered itself; or one that is `unreadable`.
 */
export type ReadEvent =
  | { readonly kind: 'event'; readonly event: ExperimentEvent }
  | { readonly kind: 'shown'; readonly uuid: string }
  | { readonly kind: 'unreadable'; readonly event: UnreadableEvent };

/** Returns whether `readExperimentEvent` reads events of this name. */
export function isExperimentEventName(name: string): boolean {
  return experimentEventType(name) !== undefined;
}

/**
 * Reads a span event or log record named `optimizely.impression` or `optimizely.conversion`. Never throws.
 *
 * @param origin where it comes from, for the uuid of an event that has none
 * @returns undefined if it has another name
 */
export function readExperimentEvent(event: RawEvent, origin?: EventOrigin): ReadEvent | undefined {
  const type = experimentEventType(event.name);
  if (type === undefined) return undefined;
  try {
    const uuid = uuidOfShown(attributesOf(event));
    if (uuid !== undefined) return { kind: 'shown', uuid };
  } catch {
    // Reading it for good says which event is refused.
  }
  return checked(readSpanEventSafely(type, event), event, origin);
}

/**
 * Reads a flag evaluation, `feature_flag.evaluation`, as the impression that it may be. Never throws.
 *
 * @param origin where it comes from, for the uuid of an event that has none
 * @returns undefined if it has another name, or no experiment can have decided it. Where it names no rule, its
 * `inferRule` is true: the datafile has to tell the experiment.
 */
export function readFlagEvaluation(event: RawEvent, origin?: EventOrigin): ReadEvent | undefined {
  if (event.name !== EVENT_FEATURE_FLAG_EVALUATION) return undefined;
  let raw: RawExperimentEvent | undefined;
  try {
    raw = readEvaluationEvent(event);
  } catch {
    raw = readSpanEventSafely('impression', event);
  }
  if (raw === undefined) return undefined;
  const read = checked(raw, event, origin);
  if (read.kind !== 'event' || namesRule(raw.input)) return read;
  return { kind: 'event', event: { ...read.event, inferRule: true } as ExperimentEvent };
}

/** It has a uuid and no user: the user goes to Optimizely alone. */
function uuidOfShown(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const uuid = attributes[ATTR_OPTIMIZELY_EVENT_UUID];
  const isShown = attributes[ATTR_FEATURE_FLAG_CONTEXT_ID] == null;
  return isShown && typeof uuid === 'string' && uuid !== '' ? uuid : undefined;
}

function checked(raw: RawExperimentEvent, event: RawEvent, origin: EventOrigin | undefined): ReadEvent {
  const { type } = raw;
  const result =
    raw.unusable === undefined
      ? checkInput(type, withUuid(raw, event, origin), systemRuntime, [])
      : unusable(raw.unusable);
  return result.type === 'unusable'
    ? { kind: 'unreadable', event: { type, unusable: attributeOf(type, result.unusable) } }
    : { kind: 'event', event: result as ExperimentEvent };
}
