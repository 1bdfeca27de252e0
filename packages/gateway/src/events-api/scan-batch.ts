// SPDX-License-Identifier: Apache-2.0
import type { BatchPieces, VisitorPiece } from '../model/batch-pieces.js';
import {
  NOT_READ,
  scanElements,
  scanMembers,
  skipPlainString,
  skipSpace,
  skipValue,
} from '../util/json-scan.js';
import { utf8Text } from '../util/utf8-text.js';

const VISITORS = Buffer.from('visitors');
const SNAPSHOTS = Buffer.from('snapshots');
const EVENTS = Buffer.from('events');
const UUID = Buffer.from('uuid');
const KEY = Buffer.from('key');
const IMPRESSION_KEY = Buffer.from('campaign_activated');

/**
 * Cuts a batch into its visitors without parsing it: a tenth of what parsing, cutting and reading it takes.
 *
 * @param body what should be a JSON object
 * @returns undefined for what has to be parsed to be understood, or to say what is wrong with it: anything but a batch of
 * the usual form, whose events have a uuid each
 */
export function scanBatch(body: Uint8Array): BatchPieces | undefined {
  const textOf = utf8Text(body);
  return textOf === undefined ? undefined : new BatchScan(body, textOf).scan();
}

class BatchScan {
  readonly #bytes: Uint8Array;
  readonly #textOf: (start: number, end: number) => string;
  readonly #others: string[] = [];
  #visitors: VisitorPiece[] | undefined;
  /** Of the visitor at hand. */
  #hasSnapshots = false;
  #uuid = '';
  #events = 0;
  #impressions = 0;
  /** Of the snapshot at hand. */
  #hasEvents = false;
  /** Of the event at hand. */
  #hasUuid = false;
  #hasKey = false;

  constructor(bytes: Uint8Array, textOf: (start: number, end: number) => string) {
    this.#bytes = bytes;
    this.#textOf = textOf;
  }

  scan(): BatchPieces | undefined {
    const bytes = this.#bytes;
    const end = scanMembers(bytes, skipSpace(bytes, 0), this.#batchMember);
    if (end === NOT_READ || skipSpace(bytes, end) < bytes.length || this.#visitors === undefined)
      return undefined;
    const envelope = `{${this.#others.join(',')}}`;
    return { others: JSON.parse(envelope), envelope, visitors: this.#visitors };
  }

  // Each is told where a member's key begins and ends, and where its value begins, and says where that ends. What comes
  // a second time takes the place of the first where JSON is parsed, which is left to the parser.

  readonly #batchMember = (key: number, keyEnd: number, value: number): number => {
    if (this.#is(VISITORS, key, keyEnd)) {
      if (this.#visitors !== undefined) return NOT_READ;
      this.#visitors = [];
      return scanElements(this.#bytes, value, this.#visitor);
    }
    const end = skipValue(this.#bytes, value);
    if (end !== NOT_READ) this.#others.push(this.#textOf(key - 1, end));
    return end;
  };

  readonly #visitor = (start: number): number => {
    this.#hasSnapshots = false;
    this.#uuid = '';
    this.#events = 0;
    this.#impressions = 0;
    const end = scanMembers(this.#bytes, start, this.#visitorMember);
    if (end === NOT_READ) return NOT_READ;
    this.#visitors?.push({
      type: this.#events > 0 && this.#impressions === this.#events ? 'impression' : 'conversion',
      uuid: this.#uuid,
      json: this.#textOf(start, end),
      byteLength: end - start,
    });
    return end;
  };

  readonly #visitorMember = (key: number, keyEnd: number, value: number): number => {
    if (!this.#is(SNAPSHOTS, key, keyEnd)) return skipValue(this.#bytes, value);
    if (this.#hasSnapshots) return NOT_READ;
    this.#hasSnapshots = true;
    return scanElements(this.#bytes, value, this.#snapshot);
  };

  readonly #snapshot = (start: number): number => {
    this.#hasEvents = false;
    return scanMembers(this.#bytes, start, this.#snapshotMember);
  };

  readonly #snapshotMember = (key: number, keyEnd: number, value: number): number => {
    if (!this.#is(EVENTS, key, keyEnd)) return skipValue(this.#bytes, value);
    if (this.#hasEvents) return NOT_READ;
    this.#hasEvents = true;
    return scanElements(this.#bytes, value, this.#event);
  };

  readonly #event = (start: number): number => {
    this.#events++;
    this.#hasUuid = false;
    this.#hasKey = false;
    const end = scanMembers(this.#bytes, start, this.#eventMember);
    return this.#hasUuid ? end : NOT_READ;
  };

  readonly #eventMember = (key: number, keyEnd: number, value: number): number => {
    const isUuid = this.#is(UUID, key, keyEnd);
    if (!isUuid && !this.#is(KEY, key, keyEnd)) return skipValue(this.#bytes, value);
    const end = skipPlainString(this.#bytes, value);
    if (end === NOT_READ || (isUuid ? this.#hasUuid : this.#hasKey)) return NOT_READ;
    if (isUuid) {
      // One that is empty is none.
      if (end === value + 2) return NOT_READ;
      this.#hasUuid = true;
      if (this.#events === 1) this.#uuid = this.#textOf(value + 1, end - 1);
    } else {
      this.#hasKey = true;
      if (this.#is(IMPRESSION_KEY, value + 1, end - 1)) this.#impressions++;
    }
    return end;
  };

  #is(expected: Uint8Array, start: number, end: number): boolean {
    if (end - start !== expected.length) return false;
    for (let n = 0; n < expected.length; n++) if (this.#bytes[start + n] !== expected[n]) return false;
    return true;
  }
}
