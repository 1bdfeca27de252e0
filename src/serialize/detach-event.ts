// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent, UserAttributes } from '../model/experiment-event.js';
import { amountsOf } from '../util/amounts.js';
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
  return JSON.parse(text) as ExperimentEvent;
}
