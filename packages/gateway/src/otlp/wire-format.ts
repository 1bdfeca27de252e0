// SPDX-License-Identifier: Apache-2.0
import { WireType } from '@bufbuild/protobuf/wire';
import { RequestTooLarge } from '../util/request-size.js';
import { BodyReader } from './body-reader.js';
import type { NameFilter } from './event-names.js';
import { KnownKeys } from './known-keys.js';
import { MalformedRequest, UnreadableEvent } from './malformed-request.js';

/** A field's number and wire type, as they stand before its value. */
export type Tag = number;

export const lengthDelimited = (field: number): Tag => (field << 3) | WireType.LengthDelimited;
export const fixed64 = (field: number): Tag => (field << 3) | WireType.Bit64;
export const varint = (field: number): Tag => (field << 3) | WireType.Varint;

/** Reads a known field's value, or returns false to have it skipped. */
export type ReadField = (tag: Tag) => boolean;

/**
 * Walks over the fields of the message that ends at `end`.
 *
 * @throws MalformedRequest if a field reaches beyond the message
 */
export function readMessage(reader: BodyReader, end: number, readField: ReadField): void {
  while (reader.pos < end) {
    const tag = readUint32(reader);
    if (!readField(tag)) skip(reader, tag);
  }
  requireEnd(reader, end);
}

/** Where a message ends that is read without `readMessage`, whose callback costs something where there are many. */
export function requireEnd(reader: BodyReader, end: number): void {
  if (reader.pos !== end) throw new MalformedRequest('a field reaches beyond its message');
}

/** Reads a tag or a length. The reader drops what is above 32 bits, and a damaged body would be read as another one. */
export function readUint32(reader: BodyReader): number {
  const start = reader.pos;
  // Nearly all tags, and most lengths, are one byte.
  const first = reader.body[start];
  if (first !== undefined && first < 0x80) {
    reader.pos = start + 1;
    return first;
  }
  const value = reader.uint32();
  if (reader.pos - start >= LONG_VARINT) requireUint32(reader, start);
  return value;
}

/** Bytes of a varint that may hold more than 32 bits; a shorter one may be written as long as this. */
const LONG_VARINT = 5;
const MAX_UINT32 = 0xffff_ffffn;

function requireUint32(reader: BodyReader, start: number): void {
  reader.pos = start;
  if (BigInt(reader.uint64()) > MAX_UINT32)
    throw new MalformedRequest('a tag or a length has more than 32 bits');
}

/** @returns where the length-delimited value ends that begins here */
export function endOfValue(reader: BodyReader): number {
  const byteLength = readUint32(reader);
  const end = reader.pos + byteLength;
  if (end > reader.len) throw new MalformedRequest('the body ends within a field');
  return end;
}

/** Reads the message that begins here. */
export function readNested(reader: BodyReader, readField: ReadField): void {
  readMessage(reader, endOfValue(reader), readField);
}

/** The reader's own `skip()` makes a view of each field that it skips, which takes longer than all else here. */
export function skip(reader: BodyReader, tag: Tag): void {
  const wireType = tag & 7;
  if (tag >>> 3 === 0) throw new MalformedRequest('a field has the number 0');
  switch (wireType) {
    case WireType.LengthDelimited:
      reader.pos = endOfValue(reader);
      return;
    case WireType.Varint:
      reader.uint32();
      return;
    case WireType.Bit64:
      skipBytes(reader, 8);
      return;
    case WireType.Bit32:
      skipBytes(reader, 4);
      return;
    default:
      reader.skip(wireType, tag >>> 3);
  }
}

function skipBytes(reader: BodyReader, byteLength: number): void {
  reader.pos += byteLength;
  if (reader.pos > reader.len) throw new MalformedRequest('the body ends within a field');
}

/** @throws UnreadableEvent if it is not UTF-8: a replaced character makes another user, or another key */
export function readString(reader: BodyReader): string {
  const start = reader.pos;
  const end = endOfValue(reader);
  if (isShortAscii(reader.body, reader.pos, end)) {
    const text = reader.body.toString('latin1', reader.pos, end);
    reader.pos = end;
    return text;
  }
  reader.pos = start;
  try {
    return reader.string(true);
  } catch {
    reader.pos = end;
    throw new UnreadableEvent('a string is not UTF-8');
  }
}

/** Bytes that are looked at one by one, which takes less time than a decoder. */
const SHORT = 128;

function isShortAscii(body: Uint8Array, start: number, end: number): boolean {
  if (end - start > SHORT) return false;
  for (let at = start; at < end; at++) if ((body[at] as number) > 0x7f) return false;
  return true;
}

const knownKeys = new KnownKeys();

/** Reads the string that begins here: the key of an attribute, or the name of an event. @throws UnreadableEvent if it is not UTF-8 */
export function readKey(reader: BodyReader): string {
  const start = reader.pos;
  const end = endOfValue(reader);
  const byteLength = end - reader.pos;
  const known = knownKeys.find(reader.body, reader.pos, end);
  reader.pos = known === undefined ? start : end;
  if (known !== undefined) return known;
  const key = readString(reader);
  knownKeys.add(key, byteLength);
  return key;
}

/**
 * Reads past the string that begins here.
 *
 * @returns whether it is among `names`; most are told by their length, without decoding them
 */
export function isWantedName(reader: BodyReader, names: NameFilter): boolean {
  const start = reader.pos;
  const end = endOfValue(reader);
  let isWanted = false;
  if (names.hasLength(end - reader.pos)) {
    reader.pos = start;
    isWanted = names.has(readName(reader));
  }
  reader.pos = end;
  return isWanted;
}

/** A name that is not UTF-8 is none of ours. */
function readName(reader: BodyReader): string {
  try {
    return readKey(reader);
  } catch {
    return '';
  }
}

const ONLY_ZEROS = /^0+$/;

/**
 * @param at where the id begins, with its length; undefined if there is none
 * @returns '' if the id is absent, has another length, or is all zeros
 */
export function hexId(reader: BodyReader, at: number | undefined, byteLength: number): string {
  if (at === undefined) return '';
  const { pos } = reader;
  reader.pos = at;
  const end = endOfValue(reader);
  const start = reader.pos;
  reader.pos = pos;
  if (end - start !== byteLength) return '';
  const digits = reader.body.toString('hex', start, end);
  return ONLY_ZEROS.test(digits) ? '' : digits;
}

/** Reads past the field that begins here. @returns where it is */
export function placeOf(reader: BodyReader, tag: Tag): number {
  const { pos } = reader;
  skip(reader, tag);
  return pos;
}

/**
 * Reads a whole body.
 *
 * @throws MalformedRequest if it is not protobuf
 * @throws RequestTooLarge if it holds too much
 */
export function readBody<T>(body: Uint8Array, read: (reader: BodyReader) => T): T {
  try {
    return read(new BodyReader(body));
  } catch (error) {
    if (error instanceof MalformedRequest || error instanceof RequestTooLarge) throw error;
    throw new MalformedRequest('the body is not valid protobuf');
  }
}
