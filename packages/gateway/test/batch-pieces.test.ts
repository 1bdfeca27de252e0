// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { SEED } from '../../../test/support/seed.js';
import { cutBatch } from '../src/events-api/cut-batch.js';
import { readPieces } from '../src/events-api/read-pieces.js';
import { scanBatch } from '../src/events-api/scan-batch.js';
import type { BatchPieces } from '../src/model/batch-pieces.js';
import { NOT_READ, skipValue } from '../src/util/json-scan.js';
import { MAX_REQUEST_EVENTS } from '../src/util/request-size.js';
import { batchOf } from './support/relay.js';

const RUNS = { seed: SEED, numRuns: 500 };

/** The pieces of a batch that is parsed as a whole; undefined if it is not one whose events have uuids. */
function parsed(body: Uint8Array): BatchPieces | undefined {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  const { visitors, ...others } = JSON.parse(text) as Record<string, unknown>;
  const texts = cutBatch(text);
  const events = readEventBatch({ ...others, visitors }, { region: 'US', acceptedAt: 0, texts });
  return {
    others,
    envelope: texts.envelope,
    visitors: events.map(({ event: { type, uuid, json, byteLength } }) => ({ type, uuid, json, byteLength })),
  };
}

const text = fc.string({ unit: fc.constantFrom(...'ab"\\/{}[],: \n\u0001é€😀') });
const scalar = fc.oneof(text, fc.double({ noNaN: true }), fc.integer(), fc.boolean(), fc.constant(null));
const name = fc.oneof({ weight: 40, arbitrary: fc.string({ unit: fc.constantFrom(...'aé:{') }) }, text);
const members = fc.dictionary(name, fc.oneof(scalar, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 3 });

/** A list of members, as objects in a text may have several of one name. */
type Members = readonly (readonly [key: string, value: string])[];

const uuid = fc.oneof(
  { weight: 60, arbitrary: fc.uuid() },
  fc.constantFrom<unknown>('', 'a"b', 'é', null, 7, undefined),
);
const key = fc.oneof({ weight: 60, arbitrary: fc.constantFrom('campaign_activated', 'purchase') }, scalar);
const event = fc
  .tuple(uuid, key, members)
  .map(([uuid, key, rest]) => JSON.stringify({ entity_id: '1', ...rest, key, uuid, timestamp: 1 }));
const snapshot = objectWith('events', listOf(event));
const visitor = objectWith('snapshots', listOf(snapshot));
const batch = objectWith('visitors', listOf(visitor));

/** JSON text of a list, which is now and then none. */
function listOf(element: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', ' ', '\r\n\t');
  const lists = fc
    .tuple(fc.array(element, { maxLength: 3 }), space)
    .map(([elements, gap]) => `[${gap}${elements.join(`${gap},${gap}`)}${gap}]`);
  return fc.oneof({ weight: 60, arbitrary: lists }, fc.constantFrom('null', '{}', '[1]', '"text"'));
}

/** JSON text of an object that has the member among others, and now and then twice or by a name with escapes. */
function objectWith(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
  const named = fc.tuple(
    fc.oneof({ weight: 60, arbitrary: fc.constant(name) }, fc.constantFrom('Visitors', escaped)),
    value,
  );
  const others = members.map(
    (given): Members =>
      Object.entries(given).map(([k, v]) => [JSON.stringify(k).slice(1, -1), JSON.stringify(v)]),
  );
  return fc
    .tuple(others, fc.oneof({ weight: 60, arbitrary: fc.tuple(named) }, fc.tuple(named, named)), others)
    .map(([before, found, after]) => [...before, ...found, ...after])
    .map(all => `{${all.map(([k, v]) => `"${k}":${v}`).join(',')}}`);
}

describe('a batch that is cut without being parsed', () => {
  it('is cut as one that is parsed, whatever it holds', () => {
    let scans = 0;
    fc.assert(
      fc.property(batch, given => {
        const body = Buffer.from(given);
        const scanned = scanBatch(body);
        if (scanned === undefined) return;
        scans++;
        expect(scanned).to.deep.equal(parsed(body));
      }),
      RUNS,
    );
    expect(scans).to.be.above(RUNS.numRuns / 20);
  });

  it('is left to the parser once a byte of it is another one, unless it is still a batch', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
    const usual = batchOf(['user-1', 'ü"ser'], { client_name: 'a' });
    fc.assert(
      fc.property(fc.oneof(batch, fc.constant(usual)), change, (given, { at, byte }) => {
        const body = Buffer.from(given);
        body[at % body.length] = byte;
        const scanned = scanBatch(body);
        if (scanned !== undefined) expect(scanned).to.deep.equal(parsed(body));
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it('is what SDKs and this package send, in any language and with any escapes', () => {
    for (const user of ['user-1', 'ünï', '日本語', 'a\\b"c\n', '😀', '\ud83d']) {
      const usual = batchOf([user, 'other'], {
        client_name: 'python-sdk',
        tags: { a: [1.5e-7, -0, true, null] },
      });
      for (const written of [usual, JSON.stringify(JSON.parse(usual), null, 2)]) {
        const body = Buffer.from(written);
        expect(scanBatch(body), written).to.deep.equal(parsed(body));
      }
    }
  });

  it('is parsed where an event has no uuid, and gets one', () => {
    const body = Buffer.from(batchOf(['user-1']).replace(/"uuid":"[^"]*",/, ''));
    expect(scanBatch(body)).to.equal(undefined);
    const read = readPieces(body);
    if ('problem' in read) throw new Error(read.problem);
    expect(read.visitors.map(({ uuid }) => uuid)).to.have.lengthOf(1);
    expect(read.visitors[0]?.json).to.contain(`"uuid":"${read.visitors[0]?.uuid}"`);
  });

  it('may have no more visitors than one request', () => {
    const visitors = Array.from({ length: MAX_REQUEST_EVENTS + 1 }, () => '{}').join(',');
    const read = readPieces(Buffer.from(`{"project_id":"1","visitors":[${visitors}]}`));
    expect(read).to.include({ isTooLarge: true });
  });
});

describe('JSON that is skipped without being parsed', () => {
  it('ends where its value does', () => {
    fc.assert(
      fc.property(fc.oneof(scalar, fc.jsonValue()), fc.nat(3), (value, indent) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        expect(skipValue(bytes, 0)).to.equal(bytes.length);
      }),
      RUNS,
    );
  });

  it('is refused wherever the parser refuses it', () => {
    const parts = fc.constantFrom(
      ...'{}[],:"\\'.split(''),
      ...[
        '"a"',
        '1',
        '-',
        '0',
        '01',
        '.5',
        'e',
        '1e5',
        '1E+',
        '1.',
        'true',
        'nul',
        '\\u12',
        '\\u00e9',
        '\n',
        '\\n',
      ],
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), pieces => {
        const written = pieces.join('');
        const bytes = Buffer.from(written);
        const isWhole = skipValue(bytes, 0) === bytes.length;
        expect(isWhole, written).to.equal(isJson(written));
      }),
      { seed: SEED, numRuns: 20_000 },
    );
  });

  it('is not followed deeper than the stack bears', () => {
    const deep = Buffer.from('['.repeat(200_000) + ']'.repeat(200_000));
    expect(skipValue(deep, 0)).to.equal(NOT_READ);
  });
});

/** Whether it is one value, with nothing before or behind it. */
function isJson(written: string): boolean {
  try {
    JSON.parse(written);
    return written.length > 0 && !/^\s|\s$/.test(written);
  } catch {
    return false;
  }
}
