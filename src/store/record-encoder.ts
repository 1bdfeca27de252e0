// SPDX-License-Identifier: Apache-2.0

import type { EventContext } from '../model/event-context.js';
import type { StoredEvent } from '../model/event-store.js';
import { contextToText } from './context-text.js';
import { crc32 } from './crc32.js';
import { RECORD_AT, RECORD_KIND, RECORD_MAGIC_NUMBER } from './record-layout.js';

const KEPT_BYTES = 65_536;
/** Records up to this length, which are most, have their checksum taken without an object each: 0.1 µs of 2.5. */
const LONGEST_VIEW_BYTES = 4_096;
const NO_BYTES = Buffer.alloc(0);

/** Turns one event at a time into a record, in memory that is used again for the next one. */
export class RecordEncoder {
  readonly #kept = new Memory(KEPT_BYTES);
  /** What is checked of a record in there, by the record's length. */
  readonly #checked: (Uint8Array | undefined)[] = [];
  #memory = this.#kept;
  #context: EventContext | undefined;
  #contextText: Buffer = NO_BYTES;
  length = 0;

  /** The record begins at 0; valid until the next `encode`. */
  get buffer(): Buffer {
    return this.#memory.bytes;
  }

  /** @throws what serializing an unresolved event throws */
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
    const { numbers } = this.#memory;
    numbers.setUint32(RECORD_AT.index, index, LITTLE_ENDIAN);
    numbers.setUint32(RECORD_AT.checksum, crc32(this.#checkedBytes()), LITTLE_ENDIAN);
  }

  #write(kind: number, acceptedAt: number, uuid: string, context: Buffer, json: string): void {
    // UTF-8 takes at most three bytes for one UTF-16 unit.
    const atMost = RECORD_AT.texts + uuid.length * 3 + context.length + json.length * 3;
    this.#memory = atMost <= KEPT_BYTES ? this.#kept : new Memory(atMost);
    const { bytes, numbers } = this.#memory;
    const contextStart = RECORD_AT.texts + bytes.write(uuid, RECORD_AT.texts);
    bytes.set(context, contextStart);
    const jsonStart = contextStart + context.length;
    this.length = jsonStart + bytes.write(json, jsonStart);
    numbers.setUint32(0, RECORD_MAGIC_NUMBER, LITTLE_ENDIAN);
    numbers.setUint32(RECORD_AT.length, this.length, LITTLE_ENDIAN);
    numbers.setUint32(RECORD_AT.kind, kind, LITTLE_ENDIAN);
    numbers.setFloat64(RECORD_AT.acceptedAt, acceptedAt, LITTLE_ENDIAN);
    numbers.setUint32(RECORD_AT.uuidBytes, contextStart - RECORD_AT.texts, LITTLE_ENDIAN);
    numbers.setUint32(RECORD_AT.contextBytes, context.length, LITTLE_ENDIAN);
  }

  #checkedBytes(): Uint8Array {
    const { length, buffer } = this;
    if (length > LONGEST_VIEW_BYTES || this.#memory !== this.#kept) {
      return buffer.subarray(RECORD_AT.length, length);
    }
    this.#checked[length] ??= buffer.subarray(RECORD_AT.length, length);
    return this.#checked[length];
  }

  #textOf(context: EventContext): Buffer {
    if (context !== this.#context) {
      this.#context = context;
      this.#contextText = Buffer.from(contextToText(context));
    }
    return this.#contextText;
  }
}

const LITTLE_ENDIAN = true;

class Memory {
  readonly bytes: Buffer;
  readonly numbers: DataView;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.numbers = new DataView(this.bytes.buffer);
  }
}
