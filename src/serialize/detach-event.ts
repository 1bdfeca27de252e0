// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent, UserAttributes } from '../model/experiment-event.js';
import { amountsOf } from '../util/amounts.js';
import { ownEvent } from '../util/own-event.js';
import { isAttributeValue, serializeTags } from './serialize-members.js';

/**
 * An event that has to wait for its datafile, cut loose from the objects of the caller, who may change them. As text it
 * takes the memory that it seems to, and about what it will take on the wire.
 */
export interface DetachedEvent {
  readonly type: ExperimentEvent['type'];
  readonly uuid: string;
  readonly text: string;
  readonly byteLength: number;
}

/** @throws whatever serializing the tags throws */
export function detachEvent(event: ExperimentEvent): DetachedEvent {
  const { attributes, ...members } = event;
  const detached: Record<string, unknown> = members;
  if (attributes !== undefined) {
    const kept = Object.entries(attributes).filter(([, value]) => isAttributeValue(value));
    detached.attributes = Object.fromEntries(kept) satisfies UserAttributes;
  }
  let tags: string | undefined;
  if (event.type === 'conversion') {
    // Read before they are text, as which a Date would pass for an amount.
    const { revenue = null, value = null } = amountsOf(event);
    if (event.tags !== undefined) Object.assign(detached, { revenue, value });
    tags = serializeTags(event.tags);
    delete detached.tags;
  }
  const rest = JSON.stringify(detached);
  const text = tags === undefined ? rest : `${rest.slice(0, -1)},"tags":${tags}}`;
  return { type: event.type, uuid: event.uuid, text, byteLength: Buffer.byteLength(text) };
}

export function attachEvent({ text }: Pick<DetachedEvent, 'text'>): ExperimentEvent {
  return withNumbers(JSON.parse(text) as ExperimentEvent);
}

/**
 * Among the tags of an event that was detached, null stands for a number that JSON does not have: those that were null were
 * left out. As null, it would be left out as well.
 */
export function withNumbers(read: ExperimentEvent): ExperimentEvent {
  const event = ownEvent(read);
  if (event.type !== 'conversion' || event.tags === undefined) return event;
  const { tags } = event as { readonly tags: Record<string, unknown> };
  for (const key of Object.keys(tags)) if (tags[key] === null) tags[key] = Number.NaN;
  return event;
}
