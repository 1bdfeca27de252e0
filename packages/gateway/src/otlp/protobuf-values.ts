// SPDX-License-Identifier: Apache-2.0
import type { OtlpValue } from '../model/otlp-event.js';
import type { BodyReader } from './body-reader.js';
import type { CollectedEvents } from './collected-events.js';
import { type NameFilter, RESOURCE_ATTRIBUTES } from './event-names.js';
import { UnreadableEvent } from './malformed-request.js';
import {
  asInteger,
  isAttributes,
  MAX_DEPTH,
  type MutableAttributes,
  newAttributes,
  TOO_DEEP,
} from './values.js';
import {
  endOfValue,
  fixed64,
  isWantedName,
  lengthDelimited,
  readKey,
  readNested,
  readString,
  readUint32,
  requireEnd,
  skip,
  varint,
} from './wire-format.js';

const KEY = lengthDelimited(1);
const VALUE = lengthDelimited(2);

const STRING_VALUE = lengthDelimited(1);
const BOOL_VALUE = varint(2);
const INT_VALUE = varint(3);
const DOUBLE_VALUE = fixed64(4);
const ARRAY_VALUE = lengthDelimited(5);
const KVLIST_VALUE = lengthDelimited(6);
const BYTES_VALUE = lengthDelimited(7);

const ELEMENTS = lengthDelimited(1);

/** Reads the `KeyValue` that begins here; of several with one key, the last one counts. */
export function readAttribute(reader: BodyReader, into: MutableAttributes, depth = 0): void {
  reader.countValue();
  const end = endOfValue(reader);
  let key = '';
  let value: OtlpValue = null;
  while (reader.pos < end) {
    const tag = readUint32(reader);
    if (tag === KEY) key = readKey(reader);
    else if (tag === VALUE) value = readValue(reader, depth, value);
    else skip(reader, tag);
  }
  requireEnd(reader, end);
  into[key] = value;
}

/** Reads the `KeyValue` that begins here if its key is among `keys`, or past it. */
export function readAttributeOf(keys: NameFilter, reader: BodyReader, into: MutableAttributes): void {
  const start = reader.pos;
  const end = endOfValue(reader);
  let isWanted = false;
  while (reader.pos < end) {
    const tag = readUint32(reader);
    if (tag === KEY) isWanted = isWantedName(reader, keys);
    else skip(reader, tag);
  }
  requireEnd(reader, end);
  if (!isWanted) return;
  reader.beginEvent();
  reader.pos = start;
  try {
    readAttribute(reader, into);
  } finally {
    reader.pos = end;
  }
}

/** Reads what is needed of the `Resource` that begins here. A resource that is sent in parts is one. */
export function readResource(reader: BodyReader, into: MutableAttributes, found: CollectedEvents): void {
  readNested(reader, tag => {
    if (tag !== lengthDelimited(1)) return false;
    found.readResource(into, () => readAttributeOf(RESOURCE_ATTRIBUTES, reader, into));
    return true;
  });
}

/**
 * Reads the `AnyValue` that begins here.
 *
 * @param before what the same field held already: a message that is sent in parts is one, and so is a list or a map in it
 */
function readValue(reader: BodyReader, depth: number, before: OtlpValue = null): OtlpValue {
  if (depth > MAX_DEPTH) throw new UnreadableEvent(TOO_DEEP);
  const end = endOfValue(reader);
  let value = before;
  while (reader.pos < end) {
    const tag = readUint32(reader);
    switch (tag) {
      case STRING_VALUE:
        value = readString(reader);
        break;
      case BOOL_VALUE:
        value = reader.bool();
        break;
      case INT_VALUE:
        value = asInteger(BigInt(reader.int64()));
        break;
      case DOUBLE_VALUE:
        value = reader.double();
        break;
      case ARRAY_VALUE:
        value = readArray(reader, depth + 1, value);
        break;
      case KVLIST_VALUE:
        value = readKeyValues(reader, depth + 1, value);
        break;
      case BYTES_VALUE:
        value = Uint8Array.from(reader.bytes());
        break;
      default:
        skip(reader, tag);
    }
  }
  requireEnd(reader, end);
  return value;
}

function readArray(reader: BodyReader, depth: number, before: OtlpValue): OtlpValue[] {
  const elements: OtlpValue[] = Array.isArray(before) ? before : [];
  readNested(reader, tag => {
    if (tag !== ELEMENTS) return false;
    reader.countValue();
    elements.push(readValue(reader, depth));
    return true;
  });
  return elements;
}

function readKeyValues(reader: BodyReader, depth: number, before: OtlpValue): MutableAttributes {
  const attributes = isAttributes(before) ? before : newAttributes();
  readNested(reader, tag => {
    if (tag !== ELEMENTS) return false;
    readAttribute(reader, attributes, depth);
    return true;
  });
  return attributes;
}
