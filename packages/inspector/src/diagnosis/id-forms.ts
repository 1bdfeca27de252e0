// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** What an id becomes where it is changed on one of its two ways to Optimizely. */
export interface Form {
  readonly id: string;
  readonly difference: string;
  /** Whether the two are the same visitor beyond doubt; others have to be seen several times. */
  readonly certain: boolean;
}

const IGNORABLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const HASHES = ['md5', 'sha1', 'sha256', 'sha512'] as const;
const HASH_NAMES = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const;
const HEX_LENGTHS: ReadonlySet<number> = new Set([32, 40, 64, 128]);
const BASE64_LENGTHS: ReadonlySet<number> = new Set([24, 28, 44, 88]);
/** A name and a separator before an id: `user:42`, `auth0|42`, `urn:user:42`. */
const PREFIX = /^(\p{L}[\p{L}\p{N}.:_|/-]*?[:|/_.-])(?=.)|^(\p{L}+)(?=\d{2,}$)/u;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function looksHashed(id: string): boolean {
  if (HEX_LENGTHS.has(id.length)) return /^[0-9a-f]+$/i.test(id);
  return BASE64_LENGTHS.has(id.length) && /^[A-Za-z0-9+/]+==?$/.test(id);
}

/** Plain changes of an id that can be undone or made without knowing any other id. */
export function* plainForms(id: string): Generator<Form> {
  const certain = true;
  const visible = id.replace(IGNORABLE, '');
  if (visible !== id) yield { id: visible, difference: 'invisible characters', certain };
  const trimmed = visible.trim();
  if (trimmed !== visible) yield { id: trimmed, difference: 'white space', certain };
  const composed = trimmed.normalize('NFC');
  if (composed !== trimmed) yield { id: composed, difference: 'Unicode form', certain };
  for (const changed of [composed.toLowerCase(), composed.toUpperCase()]) {
    if (changed !== composed) yield { id: changed, difference: 'case', certain };
  }
  const unquoted = /^(["'{])(.+)(["'}])$/s.exec(trimmed)?.[2];
  if (unquoted !== undefined) yield { id: unquoted, difference: 'quotes or braces', certain };
  const decoded = decode(trimmed);
  if (decoded !== undefined) yield { id: decoded, difference: 'URL encoding', certain };
  if (/^\d+$/.test(trimmed)) {
    const number = trimmed.replace(/^0+(?=\d)/, '');
    if (number !== trimmed)
      yield { id: number, difference: 'type: a number without its leading zeros', certain: false };
    yield { id: `${trimmed}.0`, difference: 'type: a number with a fraction', certain };
  }
  const whole = /^(\d+)\.0+$/.exec(trimmed)?.[1];
  if (whole !== undefined) yield { id: whole, difference: 'type: a number with a fraction', certain };
  if (UUID.test(trimmed)) yield { id: trimmed.replaceAll('-', ''), difference: 'hyphens', certain };
  else {
    const bare = withoutPrefix(trimmed);
    if (bare !== undefined) yield { id: bare, difference: 'prefix', certain: false };
  }
}

/** What encoding makes of an id, and hashing if that is asked for. */
export function* encodedForms(id: string, hashes: boolean): Generator<Form> {
  const texts = hashes ? new Set([id, id.trim(), id.trim().toLowerCase()]) : [];
  for (const text of texts) {
    for (const name of HASHES) {
      const digest = createHash(name).update(text).digest();
      const hex = digest.toString('hex');
      const difference = `${HASH_NAMES[name]} hash`;
      yield { id: hex, difference, certain: true };
      yield { id: hex.toUpperCase(), difference, certain: true };
      yield { id: digest.toString('base64'), difference, certain: true };
    }
  }
  yield { id: Buffer.from(id).toString('base64'), difference: 'base64', certain: true };
  yield { id: encodeURIComponent(id), difference: 'URL encoding', certain: true };
}

/** What two ids have in common if they differ in no more than how they are written. */
export function canonical(id: string): string {
  return id.replace(IGNORABLE, '').trim().normalize('NFKC').toLowerCase();
}

/** @returns the name with its separator, undefined if the id has none */
export function prefixOf(id: string): string | undefined {
  if (UUID.test(id)) return undefined;
  const [, separated, letters] = PREFIX.exec(id) ?? [];
  return separated ?? letters;
}

function withoutPrefix(id: string): string | undefined {
  const prefix = prefixOf(id);
  return prefix === undefined ? undefined : id.slice(prefix.length);
}

function decode(id: string): string | undefined {
  if (!id.includes('%')) return undefined;
  try {
    const decoded = decodeURIComponent(id);
    return decoded === id ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** What most ids of a kind look like, in words; undefined if they look like nothing in particular. */
export function shapeOf(ids: Iterable<string>): string | undefined {
  const counts = new Map<string, number>();
  let all = 0;
  for (const id of ids) {
    const shape = shapeOfOne(id);
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
    all++;
  }
  for (const [shape, count] of counts) if (shape !== '' && count * 10 >= all * 9) return shape;
  return undefined;
}

function shapeOfOne(id: string): string {
  if (UUID.test(id)) return 'UUIDs';
  if (/^[0-9a-f]+$/i.test(id) && HEX_LENGTHS.has(id.length))
    return `${id.length} hexadecimal digits, as hashes have`;
  if (/^\d+$/.test(id)) return 'whole numbers';
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(id)) return 'mail addresses';
  if (/^[A-Za-z0-9+/]{16,}={1,2}$/.test(id)) return 'base64';
  const prefix = prefixOf(id);
  return prefix === undefined ? '' : `ids that begin with ${prefix}`;
}
