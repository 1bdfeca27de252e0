// SPDX-License-Identifier: Apache-2.0
import { parseRetryAfter } from '../util/retry-after.js';
import type { Answer } from './verdict.js';

/**
 * What a dispatcher says of the answer, in any of the shapes that HTTP clients have: `statusCode` (undici, node:http, got),
 * `status` (fetch, axios, ky, superagent), `ok` alone. One that says nothing readable counts as delivered, as in
 * Optimizely's SDKs.
 *
 * @param now milliseconds since the epoch
 */
export function readAnswer(response: unknown, now: number): Answer {
  try {
    if (!isObjectLike(response)) return { kind: 'status', status: undefined };
    const status = statusOf(response);
    if (status === undefined) return { kind: 'status', status };
    const { headers } = response as Shape;
    return {
      kind: 'status',
      status,
      retryAfterMillis: retryAfterOf(response, now),
      headers: isObjectLike(headers) ? headers : undefined,
    };
  } catch (error) {
    return { kind: 'no answer', error };
  }
}

/** Clients such as axios and got reject where the status is not 2xx: then the error has the answer. */
export function readRejection(error: unknown, now: number): Answer {
  try {
    if (!isObjectLike(error)) return { kind: 'no answer', error };
    const { response } = error as { response?: unknown };
    for (const holder of [response, error]) {
      if (!isObjectLike(holder)) continue;
      const status = readStatus((holder as Shape).statusCode) ?? readStatus((holder as Shape).status);
      // Of a request that was delivered nobody says that it failed.
      if (status === undefined || status < 300) continue;
      return { kind: 'status', status, retryAfterMillis: retryAfterOf(holder, now) };
    }
    return { kind: 'no answer', error };
  } catch (unreadable) {
    return { kind: 'no answer', error: unreadable };
  }
}

interface Shape {
  readonly statusCode?: unknown;
  readonly status?: unknown;
  readonly ok?: unknown;
  readonly headers?: unknown;
}

/** What `ok: false` without a status means: the destination's trouble, tried again. */
const NOT_OK = 0;

function statusOf(response: object): number | undefined {
  const { statusCode, status, ok } = response as Shape;
  const said = readStatus(statusCode) ?? readStatus(status);
  if (said !== undefined) return said;
  return ok === false ? NOT_OK : undefined;
}

function readStatus(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^\s*\d+\s*$/.test(value)) return Number(value);
  return undefined;
}

function retryAfterOf(response: object, now: number): number | undefined {
  const { headers } = response as Shape;
  if (!isObjectLike(headers)) return undefined;
  return parseRetryAfter(headerOf(headers), now);
}

function headerOf(headers: object): unknown {
  const { get } = headers as { get?: unknown };
  if (typeof get === 'function') {
    const value: unknown = get.call(headers, 'retry-after');
    if (value !== null && value !== undefined) return value;
  }
  const name = Object.keys(headers).find(key => key.toLowerCase() === 'retry-after');
  return name === undefined ? undefined : (headers as Record<string, unknown>)[name];
}

function isObjectLike(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
