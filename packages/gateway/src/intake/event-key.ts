// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, SerializedEvent } from 'opentelemetry-exporter-optimizely';

/**
 * Tells an event by more than Optimizely does, which counts an entity, a uuid and a time once: what has the same key may
 * have other tags and attributes, and is counted once all the same.
 */
export function keyOfEvent(event: ExperimentEvent): string {
  const { type, timestamp, uuid, userId } = event;
  return `${type}${timestamp}${sized(uuid)}${sized(userId)}${type === 'conversion' ? goalOf(event) : ruleOf(event)}`;
}

/** The key of an event whose uuid is derived of all that tells it apart, but for the type of its rule. */
export function keyOfDerived(event: ExperimentEvent): string {
  const { type, uuid } = event;
  return type === 'conversion' || event.ruleType === undefined ? uuid : `${uuid} ${event.ruleType}`;
}

/**
 * The key of an event in a batch of Optimizely's own form. Without a uuid, Optimizely counts each.
 *
 * @param shown the event by its keys; undefined of a visitor with several, which is known by its text
 * @param index its place in the batch
 */
export function keyOfVisitor(
  { uuid, json, acceptedAt }: SerializedEvent,
  shown: ExperimentEvent | undefined,
  index: number,
): string {
  if (uuid === '') return `${acceptedAt} ${index} ${json}`;
  return shown === undefined ? json : keyOfEvent(shown);
}

function goalOf({ eventKey, eventId }: ExperimentEvent & { readonly type: 'conversion' }): string {
  return sized(eventKey) + sized(eventId);
}

function ruleOf(event: ExperimentEvent & { readonly type: 'impression' }): string {
  const { flagKey, ruleKey, ruleType, variationKey, experimentId, campaignId, variationId } = event;
  return (
    sized(flagKey) +
    sized(ruleKey) +
    sized(ruleType) +
    sized(variationKey) +
    sized(experimentId) +
    sized(campaignId) +
    sized(variationId)
  );
}

/** No text can pass for two, nor a text for none. */
function sized(text: string | undefined): string {
  return text === undefined ? ' ' : ` ${text.length}:${text}`;
}
