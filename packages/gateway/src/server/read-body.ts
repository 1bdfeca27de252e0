// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ArrivingBody } from './arriving-bytes.js';
import type { Reservation } from './byte-budget.js';

export type BodyReading =
  | { readonly kind: 'body'; readonly body: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'no_room' }
  /** The connection was closed. */
  | { readonly kind: 'gone' };

export interface RequestInHand {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const EMPTY: BodyReading = { kind: 'body', body: Buffer.alloc(0) };

/** Knows nothing of the body, which would be kept with the request until its answer otherwise. */
const ignore = () => {};

/** Reads a body as it was sent, and stops listening at the first byte that is too much. Never rejects. */
export function readBody(
  { request, response }: RequestInHand,
  maxBytes: number,
  reservation: Reservation,
  arriving: ArrivingBody,
): Promise<BodyReading> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    let byteLength = 0;
    const finish = (reading: BodyReading) => {
      request.off('data', take).off('end', end).off('close', gone);
      response.off('close', gone);
      arriving.end();
      resolve(reading);
    };
    const take = (chunk: Buffer) => {
      byteLength += chunk.length;
      if (byteLength > maxBytes) return finish({ kind: 'too_large' });
      if (!reservation.grow(chunk.length)) return finish({ kind: 'no_room' });
      arriving.add(chunk.length);
      chunks.push(chunk);
    };
    const end = () => {
      const [first] = chunks;
      if (first === undefined) return finish(EMPTY);
      finish({ kind: 'body', body: chunks.length === 1 ? first : Buffer.concat(chunks, byteLength) });
    };
    const gone = () => finish({ kind: 'gone' });
    request.on('data', take).on('end', end).on('close', gone);
    // A request that was answered before it ended, for it was malformed or too slow, is not told that it is closed.
    response.on('close', gone);
    // A connection that ends in the middle of a body is an error of the stream, too. `close` follows.
    request.on('error', ignore);
  });
}

/**
 * @returns what `Content-Length` says; 0 without one. Node's parser has refused what is not a number, and both lengths
 * in one request.
 */
export function declaredLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}
