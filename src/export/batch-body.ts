// SPDX-License-Identifier: Apache-2.0

import type { EventContext } from '../model/event-context.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { ENVELOPE_END, envelopeBytes, envelopeStart } from '../util/envelope.js';
import { isAsciiText } from '../util/event-text.js';

/** What a request carries, put together whenever it is asked for. */
export interface Body {
  text(): string;
  /** The text as UTF-8; undefined if the caller has to encode `text()`. */
  bytes(): Uint8Array | undefined;
}

const COMMA = 0x2c;
/** A character's: with them a text that is longer than its event says is never cut just where the event says it ends. */
const SPARE_BYTES = 4;

/** The body of a batch, put together of its events' texts. */
export class BatchBody implements Body {
  readonly #context: EventContext;
  readonly #events: readonly SerializedEvent[];
  readonly #body: string | undefined;

  /** @param body of ASCII alone, where it is there already */
  constructor(context: EventContext, events: readonly SerializedEvent[], body?: string) {
    this.#context = context;
    this.#events = events;
    this.#body = body;
  }

  /** The envelope joins in: put around the joined text it would have all of it copied once more when it is sent. */
  text(): string {
    if (this.#body !== undefined) return this.#body;
    const texts = this.#events.map(event => event.json);
    texts[0] = envelopeStart(this.#context) + texts[0];
    texts[texts.length - 1] += ENVELOPE_END;
    return texts.join(',');
  }

  /** Spares the text of the whole, which is as long as all its events together. */
  bytes(): Uint8Array | undefined {
    if (this.#body !== undefined) return Buffer.from(this.#body, 'latin1');
    let length = envelopeBytes(this.#context) + this.#events.length - 1;
    for (const { json, byteLength } of this.#events) {
      // An event from outside that does not know its length: a UTF-16 unit takes one to three bytes.
      if (!(byteLength >= json.length && byteLength <= json.length * 3)) return undefined;
      length += byteLength;
    }
    const bytes = Buffer.allocUnsafe(length + SPARE_BYTES);
    let at = bytes.write(envelopeStart(this.#context));
    for (let number = 0; number < this.#events.length; number++) {
      const event = this.#events[number] as SerializedEvent;
      const { json, byteLength } = event;
      if (number > 0) bytes[at++] = COMMA;
      // The same bytes in half the time.
      const written = isAsciiText(event) ? bytes.write(json, at, 'latin1') : bytes.write(json, at);
      if (written !== byteLength) return undefined;
      at += written;
    }
    bytes.write(ENVELOPE_END, at);
    return bytes.subarray(0, length);
  }
}
