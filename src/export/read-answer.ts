// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import { isObjectLike } from '../util/guard.js';
import { hasAnswerMembersForAll, memberOf, ownMembers } from '../util/own-members.js';
import { parseRetryAfter } from '../util/retry-after.js';
import type { Answer } from './verdict.js';

/**
 * What a dispatcher says of the answer, in any of the shapes that HTTP clients have: `statusCode` (undici, node:http, got),
 * `status` (fetch, axios, ky, superagent), `ok` alone, the bare status. An error that it hands back says what it would say
 * had it been thrown. One that says nothing readable counts as delivered, as in Optimizely's SDKs.
 */
export function readAnswer(response: unknown, clock: Pick<Runtime, 'now'>): Answer {
  try {
    if (!isObjectLike(response)) return { kind: 'status', status: readBareStatus(response) };
    if (isError(response)) return readRejection(response, clock);
    const given = shapeOf(response);
    const status = statusOf(given);
    const streamed = given.streamed === true;
    // What is delivered is not tried again.
    if (status === undefined || (status >= 200 && status < 300)) {
      return { kind: 'status', status, streamed, date: dateOf(given) };
    }
    return { kind: 'status', status, retryAfterMillis: retryAfterOf(given, clock), streamed };
  } catch (error) {
    return { kind: 'no answer', error };
  }
}

/** Clients such as axios and got reject where the status is not 2xx: then the error has the answer. */
export function readRejection(error: unknown, clock: Pick<Runtime, 'now'>): Answer {
  try {
    if (!isObjectLike(error)) return { kind: 'no answer', error };
    for (const holder of [shapeOf(error).response, error]) {
      if (!isObjectLike(holder)) continue;
      const given = shapeOf(holder);
      const status = readStatus(given.statusCode) ?? readStatus(given.status);
      // A delivered request is not reported as an error.
      if (status === undefined || status < 300) continue;
      return { kind: 'status', status, retryAfterMillis: retryAfterOf(given, clock) };
    }
    return { kind: 'no answer', error };
  } catch (unreadable) {
    return { kind: 'no answer', error: unreadable };
  }
}

/** What `ok: false` without a status means: the destination's trouble, tried again. */
export const NOT_OK = 0;

interface Shape {
  readonly statusCode?: unknown;
  readonly status?: unknown;
  readonly ok?: unknown;
  readonly headers?: unknown;
  readonly streamed?: unknown;
  readonly response?: unknown;
}

const SHAPE: readonly (keyof Shape)[] = ['statusCode', 'status', 'ok', 'headers', 'streamed', 'response'];

/** Without what a dependency has put on Object.prototype. */
function shapeOf(response: object): Shape {
  return hasAnswerMembersForAll() ? ownMembers(response, SHAPE) : response;
}

function statusOf({ statusCode, status, ok }: Shape): number | undefined {
  return readStatus(statusCode) ?? readStatus(status) ?? (ok === false ? NOT_OK : undefined);
}

/** A number, or text that begins with one: `'503'`, `'503 Service Unavailable'`. */
function readStatus(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return readStatusText(value);
  if (value instanceof Number || value instanceof String) return readStatus(value.valueOf());
  return undefined;
}

function readStatusText(text: string): number | undefined {
  const digits = /^\s*(\d+)(?:\s|$)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Anything else that a dispatcher returns bare, a count say, is no status. */
function readBareStatus(value: unknown): number | undefined {
  const status = readStatus(value);
  return status !== undefined && status >= 100 && status < 600 ? status : undefined;
}

function retryAfterOf({ headers }: Shape, clock: Pick<Runtime, 'now'>): number | undefined {
  if (!isObjectLike(headers)) return undefined;
  return parseRetryAfter(headerOf(headers, 'retry-after'), clock.now());
}

/** For each request: most clients have names in lower case. */
function dateOf(response: Shape): unknown {
  try {
    const { headers } = response;
    if (!isObjectLike(headers)) return undefined;
    const isPlain = !hasAnswerMembersForAll();
    return (
      (isPlain ? (headers as { date?: unknown }).date : memberOf(headers, 'date')) ??
      headerOf(headers, 'date')
    );
  } catch {
    // What was taken is delivered, whatever its headers do.
    return undefined;
  }
}

function headerOf(headers: object, wanted: string): unknown {
  const get: unknown = memberOf(headers, 'get');
  if (typeof get === 'function') {
    const value: unknown = get.call(headers, wanted);
    if (value !== null && value !== undefined) return value;
  }
  const name = Object.keys(headers).find(key => key.toLowerCase() === wanted);
  return name === undefined ? undefined : (headers as Record<string, unknown>)[name];
}

/** By its tag, too: an error of another realm is no instance of ours. */
function isError(value: object): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
