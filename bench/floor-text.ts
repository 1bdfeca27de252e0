// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from 'node:crypto';
import {
  ATTRIBUTE_IDS,
  type ConversionInput,
  DECISION,
  EVENT_IDS,
  type ImpressionInput,
} from './workload.js';

const ENVELOPE =
  '{"account_id":"12001","project_id":"15001","revision":"42","client_name":"","client_version":"",' +
  '"anonymize_ip":false,"enrich_decisions":true,"visitors":[';

/** One array of texts, a body when it is full, a promise for it: nothing that could be left out. */
export function floorOf(isConversion: boolean, batchSize: number) {
  let texts: string[] = [];
  let last = '';
  let characters = 0;
  const send = async (visitors: readonly string[]) => {
    last = `${ENVELOPE}${visitors.join(',')}]}`;
    characters += last.length;
    return characters;
  };
  const toText = (isConversion ? conversionText : impressionText) as (input: unknown) => string;
  return {
    record(input: ConversionInput | ImpressionInput): void {
      const json = toText(input);
      texts.push(json);
      // One flat string: the pieces would take twice the memory until the batch leaves.
      if (json.charCodeAt(0) !== 0x7b) throw new Error('not an object');
      if (texts.length < batchSize) return;
      const full = texts;
      texts = [];
      void Promise.resolve(full).then(send);
    },
    lastBody: () => last,
  };
}

function conversionText({ userId, eventKey, attributes, tags }: ConversionInput): string {
  if (typeof userId !== 'string' || typeof eventKey !== 'string' || eventKey === '') throw new TypeError();
  const { revenue, value } = tags;
  if (!Number.isSafeInteger(revenue) || !Number.isFinite(value)) throw new TypeError();
  const visitor = withMembers(
    `{"visitor_id":"${escaped(userId)}`,
    attributes,
    ATTRIBUTES,
    CONVERSION_OPENING,
  );
  const event = `${visitor}${atNow(',"uuid":"')}${uuid()}","revenue":${revenue},"value":${fraction(value as number)}`;
  return withMembers(event, tags, TAGS, TAGS_END);
}

function impressionText(input: ImpressionInput): string {
  const { userId, flagKey, ruleKey, variationKey, enabled, attributes } = input;
  for (const text of [userId, flagKey, ruleKey, variationKey])
    if (typeof text !== 'string') throw new TypeError();
  if (typeof enabled !== 'boolean') throw new TypeError();
  const visitor = withMembers(
    `{"visitor_id":"${escaped(userId)}`,
    attributes,
    ATTRIBUTES,
    IMPRESSION_OPENING,
  );
  return `${visitor}${enabled}${DECISION_END}${atNow(IMPRESSION_KEY)}${uuid()}"}]}]}`;
}

/** By what comes before: nothing, a text, something else. Quotes of texts belong to the pieces around them. */
type ByBefore = readonly string[];

interface Opening {
  readonly toText: ByBefore;
  readonly toOther: ByBefore;
}

function piece(first: string, next: string): ByBefore {
  return [first, `"${next}`, next].map(flat);
}

function opening(first: string, next: string): Opening {
  return { toText: [`${first}"`, `"${next}"`, `${next}"`].map(flat), toOther: piece(first, next) };
}

/** Keys of one kind of object, in their order. */
class Openings {
  readonly keys: string[] = [];
  readonly openings: Opening[] = [];
  readonly #make: (key: string) => Opening;

  constructor(make: (key: string) => Opening) {
    this.#make = make;
  }

  at(position: number, key: string): Opening {
    if (this.keys[position] !== key) {
      this.openings[position] = this.#make(key);
      this.keys[position] = key;
    }
    return this.openings[position] as Opening;
  }
}

const ATTRIBUTES = new Openings(key => {
  const member = `{"entity_id":"${ATTRIBUTE_IDS[key]}","key":"${key}","type":"custom","value":`;
  return opening(`","attributes":[${member}`, `},${member}`);
});
const TAGS = new Openings(key => opening(`,"tags":{"${key}":`, `,"${key}":`));
const TAGS_END = piece(',"tags":{}}]}]}', '}}]}]}');
const CONVERSION_OPENING = snapshot(
  `{"events":[{"entity_id":"${EVENT_IDS.purchase}","key":"purchase","timestamp":`,
);
const IMPRESSION_OPENING = snapshot(
  `{"decisions":[{"campaign_id":"${DECISION.campaignId}","experiment_id":"${DECISION.experimentId}",` +
    `"variation_id":"${DECISION.variationId}","metadata":{"flag_key":"checkout_flow","rule_key":"checkout_test",` +
    `"rule_type":"feature-test","variation_key":"treatment","enabled":`,
);
const DECISION_END = flat(`}}],"events":[{"entity_id":"${DECISION.campaignId}","timestamp":`);
const IMPRESSION_KEY = ',"key":"campaign_activated","uuid":"';

function snapshot(text: string): ByBefore {
  return piece(`","attributes":[],"snapshots":[${text}`, `}],"snapshots":[${text}`);
}

function withMembers(start: string, members: object, openings: Openings, end: ByBefore): string {
  let text = start;
  let before = 0;
  let position = -1;
  for (const key in members) {
    // biome-ignore lint/suspicious/noPrototypeBuiltins: with Object.hasOwn the loop takes twice the time
    if (!Object.prototype.hasOwnProperty.call(members, key)) continue;
    position++;
    const value = (members as Record<string, unknown>)[key];
    const { toText, toOther } = openings.at(position, key);
    if (typeof value === 'string') {
      text += toText[before];
      text += escaped(value);
      before = 1;
    } else {
      text += toOther[before];
      text += Number.isInteger(value) ? value : fraction(value as number);
      before = 2;
    }
  }
  return text + end[before];
}

function escaped(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c)
      return JSON.stringify(text).slice(1, -1);
  }
  return text;
}

let millis = 0;
const textsOfMillis = new Map<string, string>();

/** The text of the time is made once a millisecond. */
function atNow(rest: string): string {
  const now = Date.now();
  if (now !== millis) textsOfMillis.clear();
  millis = now;
  let text = textsOfMillis.get(rest);
  if (text === undefined) {
    text = `${now}${rest}`;
    textsOfMillis.set(rest, text);
  }
  return text;
}

const UUIDS = 256;
const [FIRST_DIGITS, SECOND_DIGITS] = [0, 1].map(place =>
  Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').charCodeAt(place)),
) as [Uint8Array, Uint8Array];
const random = Buffer.alloc(16 * UUIDS);
const characters = Buffer.alloc(36 * UUIDS, '-');
let uuids = '';
let used = UUIDS;

function uuid(): string {
  if (used === UUIDS) refill();
  return uuids.slice(36 * used, 36 * ++used);
}

function refill(): void {
  randomFillSync(random);
  for (let number = 0; number < UUIDS; number++) {
    const [from, to] = [16 * number, 36 * number];
    random[from + 6] = ((random[from + 6] as number) & 0x0f) | 0x40;
    random[from + 8] = ((random[from + 8] as number) & 0x3f) | 0x80;
    writeDigits(from, from + 4, to);
    writeDigits(from + 4, from + 6, to + 9);
    writeDigits(from + 6, from + 8, to + 14);
    writeDigits(from + 8, from + 10, to + 19);
    writeDigits(from + 10, from + 16, to + 24);
  }
  uuids = characters.toString('latin1');
  used = 0;
}

function writeDigits(from: number, end: number, to: number): void {
  for (let index = from, at = to; index < end; index++, at += 2) {
    const byte = random[index] as number;
    characters[at] = FIRST_DIGITS[byte] as number;
    characters[at + 1] = SECOND_DIGITS[byte] as number;
  }
}

const fractions = new Float64Array(256).fill(Number.NaN);
const texts: string[] = [];

function fraction(number: number): string {
  const place = (number * 100) & 0xff;
  if (fractions[place] !== number) {
    fractions[place] = number;
    texts[place] = `${number}`;
  }
  return texts[place] as string;
}

function flat(text: string): string {
  return Buffer.from(text).toString();
}
