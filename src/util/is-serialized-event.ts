// SPDX-License-Identifier: Apache-2.0
import type { SerializedEvent } from '../model/serialized-event.js';
import { envelopeOf } from './envelope.js';
import { heldText } from './event-text.js';

/**
 * Whether an event that comes from outside can join a batch: a `json` or an envelope that is not an object, or a
 * length that is not a number, would spoil the batch for all others.
 */
export function isSerializedEvent(event: SerializedEvent): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    (event.type === 'impression' || event.type === 'conversion') &&
    // Reading the uuid of our own would mean parsing it.
    (heldText(event) !== undefined || typeof event.uuid === 'string') &&
    isObjectText(event.json) &&
    Number.isFinite(event.byteLength) &&
    event.byteLength >= event.json.length &&
    Number.isFinite(event.acceptedAt) &&
    typeof event.context === 'object' &&
    event.context !== null &&
    isObjectText(envelopeOf(event.context) ?? '{}')
  );
}

/** By its ends: parsing it would cost more than all that is done with it. */
export function isObjectText(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('{') && text.endsWith('}');
}
