// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { declaredLength } from './read-body.js';

/** What a sender that was refused may still write before its connection is closed for it. */
const MOST_UNREAD_BYTES = 1_048_576;

/** @returns what Node's parser lets pass, though the server before this one may have read it in another way */
export function faultOf({ headers, httpVersion }: IncomingMessage): string | undefined {
  if (headers.host === undefined && httpVersion === '1.1') return 'the Host header is missing';
  const transfer = headers['transfer-encoding']?.toLowerCase() ?? 'chunked';
  return transfer === 'chunked' ? undefined : 'the transfer encoding must be chunked';
}

/** What is left of a small body is read and forgotten; the connection is good for the next request. */
export function mayStayOpen(request: IncomingMessage, status: number): boolean {
  if (request.complete) return true;
  if (status === 408 || status === 413) return false;
  return request.headers['transfer-encoding'] === undefined && declaredLength(request) <= MOST_UNREAD_BYTES;
}

/** @returns in lower case, without its parameters; `''` if the request names none */
export function mediaTypeOf({ headers }: IncomingMessage): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
