// SPDX-License-Identifier: Apache-2.0
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { MAX_EVENT_VALUES, MAX_VALUES, requireBearableValues } from '../util/request-size.js';
import { TOO_MANY_VALUES, UnreadableEvent } from './malformed-request.js';

/** Reads the body of a request. */
export class BodyReader extends BinaryReader {
  /** For what there is much of: `bytes()` makes a view each time. */
  readonly body: Buffer;
  /** Attributes, members, and elements that were read. */
  #values = 0;
  #mostValues = MAX_EVENT_VALUES;

  constructor(body: Uint8Array) {
    super(body);
    this.body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  /** From here on another event, or an attribute of something else, is read. */
  beginEvent(): void {
    this.#mostValues = Math.min(this.#values + MAX_EVENT_VALUES, MAX_VALUES);
  }

  /**
   * Counts a value that is about to be read: two bytes of a body may become an object.
   *
   * @throws UnreadableEvent if the event holds too many
   * @throws RequestTooLarge if the events of the request do together
   */
  countValue(): void {
    if (++this.#values <= this.#mostValues) return;
    requireBearableValues(this.#values);
    throw new UnreadableEvent(TOO_MANY_VALUES);
  }
}
