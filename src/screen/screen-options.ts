// SPDX-License-Identifier: Apache-2.0
import { type DedupeOptions, resolveDedupe } from '../model/impression-dedupe.js';
import type { Logger } from '../model/logger.js';
import type { RecentKeysOptions } from '../model/recent-keys.js';
import type { BeforeSend } from './before-send.js';

/** What the application lets out of its events. */
export interface ScreenOptions {
  /**
   * Sees each event before it is queued, stored or sent; returns it, another in its place, or null to drop it
   * (`before_send`). Synchronous; one that throws drops the event. @default none
   */
  beforeSend?: BeforeSend | undefined;
  /**
   * Keys of attributes and tags that may leave, `$opt_…` ones and `revenue` and `value` among the tags included; the
   * amounts themselves, Optimizely's measures, always do. @default all that the datafile knows
   */
  allowedAttributes?: readonly string[] | undefined;
  /**
   * Sends, and with `spanAttributes: 'full'` traces, HMAC-SHA-256 of the user id with this key in place of the id. Every
   * service that reports on the same visitors needs the same key. At least 16 characters or bytes. @default none
   */
  userIdHashKey?: string | Uint8Array | undefined;
  /** One impression per visitor, rule and variation a window; the others count as `deduplicated`. @default off */
  dedupe?: DedupeOptions | boolean | undefined;
}

export interface ResolvedScreenOptions {
  readonly beforeSend: BeforeSend | undefined;
  readonly allowedAttributes: ReadonlySet<string> | undefined;
  readonly userIdHashKey: string | Uint8Array | undefined;
  readonly dedupe: RecentKeysOptions | undefined;
}

const SHORTEST_KEY = 16;

/**
 * undefined: all goes out as it is.
 *
 * @throws TypeError one of a wrong type, where a default would let out what was meant to stay
 */
export function resolveScreenOptions(
  options: ScreenOptions,
  logger: Logger,
): ResolvedScreenOptions | undefined {
  const { beforeSend, allowedAttributes, userIdHashKey } = options;
  if (beforeSend !== undefined && typeof beforeSend !== 'function') {
    throw new TypeError('beforeSend must be a function: { beforeSend: event => event }');
  }
  if (allowedAttributes !== undefined && !isListOfStrings(allowedAttributes)) {
    throw new TypeError(
      "allowedAttributes must be a list of keys: { allowedAttributes: ['plan', 'revenue'] }",
    );
  }
  if (userIdHashKey !== undefined && !isKey(userIdHashKey)) {
    throw new TypeError(
      'userIdHashKey must be text or bytes, 16 at least: { userIdHashKey: process.env.USER_ID_HASH_KEY }',
    );
  }
  const dedupe = resolveDedupe(options.dedupe, 'off', logger);
  const isOff = [beforeSend, allowedAttributes, userIdHashKey, dedupe].every(option => option === undefined);
  if (isOff) return undefined;
  return {
    beforeSend,
    allowedAttributes: allowedAttributes && new Set(allowedAttributes),
    userIdHashKey,
    dedupe,
  };
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(key => typeof key === 'string');
}

function isKey(value: unknown): boolean {
  return (typeof value === 'string' || isUint8Array(value)) && value.length >= SHORTEST_KEY;
}

/** By what it is made of: `instanceof` knows none of another realm, such as a test's. */
function isUint8Array(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]' && ArrayBuffer.isView(value);
}
