// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** On every answer: only our own files are loaded, and no other page frames or reads it, and no cache keeps it. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cache-control', 'no-store');
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(text);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

/** Sends JSON lines as fast as they are read; other requests are answered meanwhile. */
export function sendLines(response: ServerResponse, lines: Iterable<string>): void {
  response.setHeader('content-type', 'application/jsonl; charset=utf-8');
  // A reader that goes away has what it wanted.
  pipeline(Readable.from(lines), response, () => {});
}
