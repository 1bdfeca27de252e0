// SPDX-License-Identifier: Apache-2.0

import type { EventContext } from '../model/event-context.js';
import type { StoredEvent } from '../model/event-store.js';
import { contextToText } from './context-text.js';
import { crc32 } from './crc32.js';
import { RECORD_AT, RECORD_KIND, RECORD_MAGIC_NUMBER } from './record-layout.js';

const KEPT_BYTES = 65_536;
const NO_BYTES = Buffer.alloc(0);

/** Turns one event at a time into a record, in memory that is used again for the next one. */
export class RecordEncoder {
  readonly #kept = Buffer.allocUnsafeSlow(KEPT_BYTES);
  #context: EventContext | undefined;
  #contextText: Buffer = NO_BYTES;
  /** The record begins at 0; valid until the next `encode`. */
  buffer: Buffer = this.#kept;
  length = 0;

  /** @throws what serialising an unresolved event throws */
  encode(event: StoredEvent): void {
    if (event.kind === 'resolved') {
      const kind = event.type === 'impression' ? RECORD_KIND.impression : RECORD_KIND.conversion;
      this.#write(kind, event.acceptedAt, event.uuid, this.#textOf(event.context), event.json);
    } else {
      this.#write(RECORD_KIND.unresolved, event.acceptedAt, '', NO_BYTES, JSON.stringify(event.event));
    }
  }

  /** Gives the record its number. @returns the record, ready to be written */
  seal(index: number): void {
    this.buffer.writeUInt32LE(index, RECORD_AT.index);
    const checksum = crc32(this.buffer.subarray(RECORD_AT.length, this.length));
    this.buffer.writeUInt32LE(checksum, RECORD_AT.checksum);
  }

  #write(kind: number, acceptedAt: number, uuid: string, context: Buffer, json: string): void {
    // UTF-8 takes at most three bytes for one UTF-16 unit.
    const atMost = RECORD_AT.texts + uuid.length * 3 + context.length + json.length * 3;
    const buffer = atMost <= KEPT_BYTES ? this.#kept : Buffer.allocUnsafe(atMost);
    const contextStart = RECORD_AT.texts + buffer.write(uuid, RECORD_AT.texts);
    buffer.set(context, contextStart);
    const jsonStart = contextStart + context.length;
    const length = jsonStart + buffer.write(json, jsonStart);
    buffer.writeUInt32LE(RECORD_MAGIC_NUMBER, 0);
    buffer.writeUInt32LE(length, RECORD_AT.length);
    buffer.writeUInt32LE(kind, RECORD_AT.kind);
    buffer.writeDoubleLE(acceptedAt, RECORD_AT.acceptedAt);
    buffer.writeUInt32LE(contextStart - RECORD_AT.texts, RECORD_AT.uuidBytes);
    buffer.writeUInt32LE(context.length, RECORD_AT.contextBytes);
    this.buffer = buffer;
    this.length = length;
  }

  #textOf(context: EventContext): Buffer {
    if (context !== this.#context) {
      this.#context = context;
      this.#contextText = Buffer.from(contextToText(context));
    }
    return this.#contextText;
  }
}
