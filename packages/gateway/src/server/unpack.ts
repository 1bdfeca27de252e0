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

/** In Node since 22.15. The types are those of the oldest Node that is supported. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

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
  if (coding === 'gzip' && packed.length <= SMALL_BYTES) {
    const small = unpackSmall(packed, Math.min(SMALL_UNPACKED_BYTES, maxBytes));
    if (small !== undefined) return reservation.grow(small.length) ? { kind: 'body', body: small } : NO_ROOM;
  }
  const stream = UNPACKERS[coding]();
  return stream === undefined ? MALFORMED : unpackStream(stream, packed, maxBytes, reservation);
}

const UNPACKERS: Readonly<Record<Exclude<ContentCoding, 'identity'>, () => Transform | undefined>> = {
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  zstd: () => createZstdDecompress?.(),
};

const MALFORMED = { kind: 'malformed' } as const;
const TOO_LARGE = { kind: 'too_large' } as const;
const NO_ROOM = { kind: 'no_room' } as const;

const SMALL_BYTES = 32_768;
/** Unpacking as much takes a fraction of a millisecond, less than a round trip to the thread pool under load. */
const SMALL_UNPACKED_BYTES = 262_144;

/** @returns undefined if it is not small once it is unpacked, or can't be */
function unpackSmall(packed: Buffer, maxOutputLength: number): Buffer | undefined {
  try {
    return zlib.gunzipSync(packed, { maxOutputLength });
  } catch {
    return undefined;
  }
}

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
