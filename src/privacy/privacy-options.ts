// SPDX-License-Identifier: Apache-2.0

import type { PackageLogger } from '../model/logger.js';
import { DEDUPE_TABLE, type DedupeOptions, resolveDedupe } from '../util/impression-dedupe.js';
import { callback, type OptionTable, other } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import type { RecentKeysOptions } from '../util/recent-keys.js';
import type { BeforeSend } from './before-send.js';

/** What the application lets out of its events. */
export interface PrivacyOptions {
  /**
   * Receives each event before it is queued, stored or sent. Returns it, a different one, or null to drop it
   * (`before_send`). It is synchronous. If it throws, the event is dropped. @default none
   */
  beforeSend?: BeforeSend | undefined;
  /**
   * Keys of attributes and tags that may leave, `$opt_…` ones and `revenue` and `value` among the tags included; the
   * amounts themselves, Optimizely's measures, always do. @default all that the datafile knows
   */
  allowedAttributes?: readonly string[] | undefined;
  /**
   * Sends, and with `traceDetail: 'full'` traces, HMAC-SHA-256 of the user id with this key in place of the id. Every
   * service that reports on the same visitors needs the same key. At least 16 characters or bytes. @default none
   */
  userIdHashKey?: string | Uint8Array | undefined;
  /**
   * Sends one impression per visitor, rule and variation in each time window; the others count as `deduplicated`.
   *
   * @default off
   */
  dedupe?: DedupeOptions | boolean | undefined;
}

export const PRIVACY_TABLE = {
  beforeSend: callback<BeforeSend>('{ beforeSend: event => event }'),
  allowedAttributes: other<readonly string[]>({ example: "{ allowedAttributes: ['plan', 'revenue'] }" }),
  userIdHashKey: other<string | Uint8Array>({ example: '{ userIdHashKey: process.env.USER_ID_HASH_KEY }' }),
  dedupe: other<DedupeOptions | boolean>({ members: DEDUPE_TABLE }),
} satisfies OptionTable<PrivacyOptions>;

export interface ResolvedPrivacyOptions {
  readonly beforeSend: BeforeSend | undefined;
  readonly allowedAttributes: ReadonlySet<string> | undefined;
  readonly userIdHashKey: string | Uint8Array | undefined;
  readonly dedupe: RecentKeysOptions | undefined;
}

const SHORTEST_KEY = 16;

/**
 * Reads the options that decide what may leave.
 *
 * @throws TypeError if one has the wrong type, because a default would let out data that was meant to stay
 */
export function resolvePrivacyOptions(
  options: PrivacyOptions,
  logger: PackageLogger,
): ResolvedPrivacyOptions | undefined {
  const given = resolveOptions(PRIVACY_TABLE, options, logger);
  const { beforeSend } = given;
  const allowedAttributes =
    given.allowedAttributes === undefined ? undefined : keysOf(given.allowedAttributes);
  const userIdHashKey = given.userIdHashKey === undefined ? undefined : hashKeyOf(given.userIdHashKey);
  const dedupe = resolveDedupe(given.dedupe, 'off', logger);
  const isOff = [beforeSend, allowedAttributes, userIdHashKey, dedupe].every(option => option === undefined);
  if (isOff) return undefined;
  return {
    beforeSend,
    allowedAttributes,
    userIdHashKey,
    dedupe,
  };
}

function keysOf(given: unknown): ReadonlySet<string> {
  const keys = listOf(given);
  if (keys?.every(key => typeof key === 'string')) return new Set(keys);
  throw new TypeError(`allowedAttributes must be a list of keys: ${PRIVACY_TABLE.allowedAttributes.example}`);
}

/** @returns a copy; undefined if it is not a list that can be read */
function listOf(given: unknown): unknown[] | undefined {
  try {
    return Array.isArray(given) ? [...given] : undefined;
  } catch {
    return undefined;
  }
}

/** White space around text comes from the file that it was read from. */
function hashKeyOf(given: unknown): string | Uint8Array {
  const key = typeof given === 'string' ? given.trim() : given;
  if ((typeof key === 'string' || isUint8Array(key)) && key.length >= SHORTEST_KEY) return key;
  throw new TypeError(
    `userIdHashKey must be text or bytes, ${SHORTEST_KEY} at least: ${PRIVACY_TABLE.userIdHashKey.example}`,
  );
}

/** By what it is made of: `instanceof` knows none of another realm, such as a test's. */
function isUint8Array(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]' && ArrayBuffer.isView(value);
}
