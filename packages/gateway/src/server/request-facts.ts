// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { declaredLength } from './read-body.js';

/** What a sender that was refused may still write before its connection is closed for it. */
const MOST_UNREAD_BYTES = 1_048_576;

/** @returns what Node's parser lets pass, though the server before this one may have read it in another way */
export function faultOf({ headers, httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  if (headers.host === undefined && httpVersion === '1.1') return 'the Host header is missing';
  if (isGivenTwice('host', rawHeaders)) return 'there is more than one Host header';
  const transfer = headers['transfer-encoding']?.toLowerCase() ?? 'chunked';
  return transfer === 'chunked' ? undefined : 'the transfer encoding must be chunked';
}

/** @param rawHeaders names and values by turns. Of some headers Node shows the first alone */
function isGivenTwice(name: string, rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at] ?? '';
    if (given.length === name.length && given.toLowerCase() === name) count++;
  }
  return count > 1;
}

/** What is left of a small body is read and forgotten; the connection is good for the next request. */
export function mayStayOpen(request: IncomingMessage, status: number): boolean {
  if (request.complete) return true;
  if (status === 413) return false;
  return request.headers['transfer-encoding'] === undefined && declaredLength(request) <= MOST_UNREAD_BYTES;
}

/** @returns in lower case, without its parameters; `''` if the request names none */
export function mediaTypeOf({ headers }: IncomingMessage): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
