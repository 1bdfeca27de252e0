// SPDX-License-Identifier: Apache-2.0
import type { EventTags, ExperimentEvent, UserAttributes } from '../model/experiment-event.js';
import { isAttributeValue, serializeTags } from './serialize-members.js';

/** An event that has to wait for its datafile, cut loose from the objects of the caller, who may change them. */
export interface DetachedEvent {
  readonly event: ExperimentEvent;
  /** What it takes of `maxQueueBytes`, about what it will be on the wire. */
  readonly byteLength: number;
}

/** @throws whatever serialising the tags throws */
export function detachEvent(event: ExperimentEvent): DetachedEvent {
  const { attributes, ...members } = event;
  const detached: Record<string, unknown> = { ...members };
  if (attributes !== undefined) {
    const kept = Object.entries(attributes).filter(([, value]) => isAttributeValue(value));
    detached.attributes = Object.fromEntries(kept) satisfies UserAttributes;
  }
  if (event.type === 'conversion') {
    const tags = serializeTags(event.tags);
    if (tags === undefined) delete detached.tags;
    else detached.tags = JSON.parse(tags) as EventTags;
  }
  return {
    event: detached as unknown as ExperimentEvent,
    byteLength: Buffer.byteLength(JSON.stringify(detached)),
  };
}
