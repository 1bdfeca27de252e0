// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { ENVELOPE_END, envelopeBytes, envelopeStart } from '../util/envelope.js';
import { inOnePiece, isAsciiText, joinTexts } from '../util/event-text.js';

/** An event that outlives the others of its batch keeps the texts of so many in memory. */
const MOST = 32;
/** Joining so few takes longer than it saves. */
const TOO_FEW = 3;

/** Called before an event joins the open batch: its text may stay in pieces while the batch is a small one. */
export function beforeJoining(event: SerializedEvent, batched: readonly SerializedEvent[]): void {
  if (batched.length < MOST) return;
  if (batched.length === MOST) for (const { json } of batched) inOnePiece(json);
  inOnePiece(event.json);
}

/**
 * Makes the body of a small batch of the pieces of its events' texts: one copy of them, where a text for each event and
 * then the body would take two. Never throws.
 *
 * @param batched of which each event's text is in one piece after that
 * @param areInPieces whether they are not yet, but for a few: to put whole texts together would be a copy too many
 * @returns undefined if the body has to be put together of the events' texts
 */
export function bodyOfFew(
  batched: readonly SerializedEvent[],
  context: EventContext,
  areInPieces: boolean,
): string | undefined {
  const { length } = batched;
  if (length > MOST) return undefined;
  try {
    if (areInPieces && length > TOO_FEW && isAsciiEnvelope(context) && batched.every(isAsciiText))
      return joinTexts(batched, envelopeStart(context), ENVELOPE_END);
    // One character outside Latin-1 would double the memory that the others take.
    for (const { json } of batched) inOnePiece(json);
  } catch {
    // The stack has ended, or the application has frozen an event: each has its text all the same.
  }
  return undefined;
}

function isAsciiEnvelope(context: EventContext): boolean {
  return envelopeBytes(context) === envelopeStart(context).length + ENVELOPE_END.length;
}
