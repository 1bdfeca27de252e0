// SPDX-License-Identifier: Apache-2.0
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Reservation } from './byte-budget.js';

export type ContentCoding = 'identity' | 'gzip' | 'deflate' | 'zstd';

export type Unpacked =
  | { readonly kind: 'body'; readonly body: Buffer }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'no_room' };

type UnpackAtOnce = (packed: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

/** In Node since 22.15. The types are those of the oldest Node that is supported. */
const { createZstdDecompress, zstdDecompressSync } = zlib as {
  createZstdDecompress?: () => Transform;
  zstdDecompressSync?: UnpackAtOnce;
};

/** The codings that a request's body may have, as `Accept-Encoding` has them. */
export const ACCEPTED_CODINGS = createZstdDecompress === undefined ? 'gzip, deflate' : 'gzip, deflate, zstd';

/** @returns undefined for a coding, or a chain of several, that can't be undone */
export function readContentCoding(header: string | undefined): ContentCoding | undefined {
  switch (header?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    // As HTTP has it, zlib's format: OpenTelemetry's Python SDK and the Collector can send it.
    case 'deflate':
    case 'zlib':
      return 'deflate';
    case 'zstd':
      return createZstdDecompress === undefined ? undefined : 'zstd';
    default:
      return undefined;
  }
}

/** Bytes that are unpacked in one go: that takes two milliseconds at most, and a round trip to the thread pool more. */
const SMALL_BYTES = 131_072;
const SMALL_UNPACKED_BYTES = 1_048_576;

/** @returns undefined if it is not small, or can't be unpacked: `unpack` says which */
export function unpackSmall(packed: Buffer, coding: ContentCoding, maxBytes: number): Buffer | undefined {
  if (coding === 'identity') return packed;
  if (packed.length > SMALL_BYTES) return undefined;
  try {
    return AT_ONCE[coding]?.(packed, { maxOutputLength: Math.min(SMALL_UNPACKED_BYTES, maxBytes) });
  } catch {
    return undefined;
  }
}

/**
 * Unpacks a body and stops at the limit, however much more would come: a gzip bomb of 16 KiB becomes 16 MiB.
 *
 * @param reservation holds what is unpacked
 */
export async function unpack(
  packed: Buffer,
  coding: ContentCoding,
  maxBytes: number,
  reservation: Reservation,
): Promise<Unpacked> {
  if (coding === 'identity') return { kind: 'body', body: packed };
  const stream = UNPACKERS[coding]();
  return stream === undefined ? MALFORMED : unpackStream(stream, packed, maxBytes, reservation);
}

const UNPACKERS: Readonly<Record<Exclude<ContentCoding, 'identity'>, () => Transform | undefined>> = {
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  zstd: () => createZstdDecompress?.(),
};

const AT_ONCE: Readonly<Record<Exclude<ContentCoding, 'identity'>, UnpackAtOnce | undefined>> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  zstd: zstdDecompressSync,
};

const MALFORMED = { kind: 'malformed' } as const;
const TOO_LARGE = { kind: 'too_large' } as const;
const NO_ROOM = { kind: 'no_room' } as const;

function unpackStream(
  stream: Transform,
  packed: Buffer,
  maxBytes: number,
  reservation: Reservation,
): Promise<Unpacked> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    let byteLength = 0;
    const stop = (result: Unpacked) => {
      chunks.length = 0;
      stream.destroy();
      resolve(result);
    };
    stream.on('data', (chunk: Buffer) => {
      if (byteLength + chunk.length > maxBytes) return stop(TOO_LARGE);
      if (!reservation.grow(chunk.length)) return stop(NO_ROOM);
      byteLength += chunk.length;
      chunks.push(chunk);
    });
    stream.on('error', () => stop(MALFORMED));
    stream.on('end', () => resolve({ kind: 'body', body: Buffer.concat(chunks, byteLength) }));
    stream.end(packed);
  });
}
