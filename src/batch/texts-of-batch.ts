// SPDX-License-Identifier: Apache-2.0
import type { MadeBody, PieceOfBody } from '../model/batch-with-body.js';
import type { EventContext } from '../model/event-context.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { ENVELOPE_END, envelopeBytes, envelopeStart } from '../util/envelope.js';
import { inOnePiece, isAsciiText, joinTexts } from '../util/event-text.js';

/** Events whose texts become one. One of them that outlives the others keeps the texts of all in memory. */
const MOST = 32;
/** Joining so few takes longer than it saves. */
const TOO_FEW = 3;

/**
 * The texts of the events in an open batch. As recorded, each is in the pieces that it was put together of. Those of
 * several events are made one: one copy of them, where a text for each event and then the body would take two.
 */
export class TextsOfBatch {
  #pieces: PieceOfBody[] = [];
  /** How many of the first events are in there. */
  #count = 0;
  /** Whether events have come straight from the call that recorded them; where they have waited, each text is in one piece. */
  #areInPieces = false;

  /** @param isInPieces whether the text of the event that is to join the batch may be */
  beforeJoining(batched: readonly SerializedEvent[], isInPieces: boolean): void {
    if (batched.length - this.#count >= MOST) this.#join(batched, batched.length);
    if (isInPieces) this.#areInPieces = true;
  }

  /**
   * @param count of the first events in the batch
   * @returns the body of a request of these, each of which has its text in one piece after that; undefined if the body has
   * to be put together of these
   */
  bodyOf(batched: readonly SerializedEvent[], count: number, context: EventContext): MadeBody | undefined {
    if (count <= MOST && isAsciiEnvelope(context))
      return this.#joined(batched, 0, count, envelopeStart(context), ENVELOPE_END)?.json;
    if (count > this.#count) this.#join(batched, count);
    return count === this.#count ? this.#pieces : undefined;
  }

  /** The batch has been closed. */
  reset(): void {
    if (this.#count > 0) this.#pieces = [];
    this.#count = 0;
  }

  #join(batched: readonly SerializedEvent[], end: number): void {
    const joined = this.#joined(batched, this.#count, end, '', '');
    if (joined === undefined) this.#pieces.push(...batched.slice(this.#count, end));
    else this.#pieces.push(joined);
    this.#count = end;
  }

  /** @returns undefined if they stay texts of their own */
  #joined(
    batched: readonly SerializedEvent[],
    from: number,
    end: number,
    opening: string,
    ending: string,
  ): PieceOfBody | undefined {
    try {
      const events = batched.length === end - from ? batched : batched.slice(from, end);
      // To put whole texts together would be a copy too many; one that is not Latin-1 would double what the others take.
      if (this.#areInPieces && events.length > TOO_FEW && events.every(isAsciiText))
        return joinTexts(events, opening, ending);
      for (const { json } of events) inOnePiece(json);
    } catch {
      // The stack has ended, or the application has frozen an event: each has its text all the same.
    }
    return undefined;
  }
}

function isAsciiEnvelope(context: EventContext): boolean {
  return envelopeBytes(context) === envelopeStart(context).length + ENVELOPE_END.length;
}
