// SPDX-License-Identifier: Apache-2.0
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { RequestTooLarge } from '../util/request-size.js';
import type { NameFilter } from './event-names.js';
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
export function readMessage(reader: BinaryReader, end: number, readField: ReadField): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!readField(tag)) skip(reader, tag);
  }
  if (reader.pos !== end) throw new MalformedRequest('a field reaches beyond its message');
}

/** @returns where the length-delimited value ends that begins here */
export function endOfValue(reader: BinaryReader): number {
  const byteLength = reader.uint32();
  const end = reader.pos + byteLength;
  if (end > reader.len) throw new MalformedRequest('the body ends within a field');
  return end;
}

/** Reads the message that begins here. */
export function readNested(reader: BinaryReader, readField: ReadField): void {
  readMessage(reader, endOfValue(reader), readField);
}

/** The reader's own `skip()` makes a view of each field that it skips, which takes longer than all else here. */
export function skip(reader: BinaryReader, tag: Tag): void {
  const wireType = tag & 7;
  if (tag >>> 3 === 0) throw new MalformedRequest('a field has the number 0');
  switch (wireType) {
    case WireType.LengthDelimited:
      reader.pos = endOfValue(reader);
      return;
    case WireType.Varint:
      reader.uint32();
      return;
    default:
      reader.skip(wireType, tag >>> 3);
  }
}

/** @throws UnreadableEvent if it is not UTF-8: a replaced character makes another user, or another key */
export function readString(reader: BinaryReader): string {
  const start = reader.pos;
  const end = endOfValue(reader);
  reader.pos = start;
  try {
    return reader.string(true);
  } catch {
    reader.pos = end;
    throw new UnreadableEvent('a string is not UTF-8');
  }
}

/**
 * Reads past the string that begins here.
 *
 * @returns whether it is among `names`; most are told by their length, without decoding them
 */
export function isWantedName(reader: BinaryReader, names: NameFilter): boolean {
  const start = reader.pos;
  const end = endOfValue(reader);
  let isWanted = false;
  if (names.hasLength(end - reader.pos)) {
    reader.pos = start;
    isWanted = names.has(reader.string());
  }
  reader.pos = end;
  return isWanted;
}

/** @returns '' if the id is absent, has another length, or is all zeros */
export function hexId(bytes: Uint8Array | undefined, byteLength: number): string {
  if (bytes?.length !== byteLength || bytes.every(byte => byte === 0)) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset, byteLength).toString('hex');
}

/**
 * Reads a whole body.
 *
 * @throws MalformedRequest if it is not protobuf
 * @throws RequestTooLarge if it holds too much
 */
export function readBody<T>(body: Uint8Array, read: (reader: BinaryReader) => T): T {
  try {
    return read(new BinaryReader(body));
  } catch (error) {
    if (error instanceof MalformedRequest || error instanceof RequestTooLarge) throw error;
    throw new MalformedRequest('the body is not valid protobuf');
  }
}
