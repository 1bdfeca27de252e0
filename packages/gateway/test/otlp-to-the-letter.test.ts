// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { shownEvent } from './support/expected-events.js';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';
import { encode, type Json } from './support/otlp-schema.js';

const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const traceOf = (...events: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ events }] }] }] });
const conversion = (...attributes: object[]) => ({ name: 'optimizely.conversion', attributes });

/** A length-delimited field, its length written in so many bytes at least. */
function field(number: number, content: Buffer, lengthBytes = 1): Buffer {
  const length: number[] = [];
  for (let rest = content.length; rest > 0 || length.length < lengthBytes; rest >>>= 7)
    length.push(rest & 127);
  const last = length.length - 1;
  const varint = length.map((bits, index) => (index < last ? bits | 128 : bits));
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint]), content]);
}

/** A request with one conversion, whose attributes are encoded already. */
function requestOf(...attributes: Buffer[]): Buffer {
  const event = encode('Span.Event', { name: 'optimizely.conversion' });
  const body = Buffer.concat([event, ...attributes.map(attribute => field(3, attribute))]);
  return field(1, field(2, field(2, field(11, body))));
}

async function read(body: Buffer | string, encoding: 'protobuf' | 'json' = 'protobuf') {
  const { taken, send } = makeDoor('traces');
  const answer = await send(Buffer.from(body), MEDIA_TYPES[encoding]);
  const [request] = taken;
  return {
    status: answer.status,
    body: String(answer.body),
    events: request?.events.map(event => shownEvent(event) as { attributes: unknown }) ?? [],
    unreadable: request?.unreadable ?? [],
  };
}

const pairs = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), text: fc.string() }), {
  maxLength: 6,
});

describe('OTLP in protobuf, to the letter', () => {
  const asMap = (of: { key: string; text: string }[]): Json => ({
    kvlistValue: { values: of.map(({ key, text }) => string(key, text)) },
  });
  const asList = (of: { key: string; text: string }[]): Json => ({
    arrayValue: { values: of.map(({ text }) => ({ stringValue: text })) },
  });

  for (const [what, asValue] of [
    ['map', asMap],
    ['list', asList],
  ] as const) {
    it(`takes a ${what} that is sent in parts for one, whichever message is cut`, async () => {
      const attribute = (value: Json) => encode('KeyValue', { key: 'tags', value });
      await fc.assert(
        fc.asyncProperty(pairs, fc.nat(6), async (all, at) => {
          const parts = [asValue(all.slice(0, at)), asValue(all.slice(at))];
          const whole = await read(requestOf(attribute(asValue(all))));
          const cutPair = Buffer.concat(parts.map(attribute));
          const key = encode('KeyValue', { key: 'tags' });
          const cutValue = Buffer.concat([
            key,
            field(2, Buffer.concat(parts.map(part => encode('AnyValue', part)))),
          ]);
          for (const body of [cutPair, cutValue]) {
            expect((await read(requestOf(body))).events).to.deep.equal(whole.events);
          }
        }),
      );
    });
  }

  it('takes the last of several kinds of value in one, and keeps it where an empty part follows', async () => {
    const text = encode('KeyValue', string('id', 'jane'));
    const empty = encode('KeyValue', { value: {} });
    const map = encode('KeyValue', { value: asMap([{ key: 'a', text: '1' }]) });
    const idOf = async (...parts: Buffer[]) =>
      (await read(requestOf(Buffer.concat(parts)))).events.map(({ attributes }) => attributes);
    const whole = async (value: Json) =>
      (await read(requestOf(encode('KeyValue', { key: 'id', value })))).events.map(
        ({ attributes }) => attributes,
      );
    expect(await idOf(text, empty)).to.deep.equal(await whole({ stringValue: 'jane' }));
    expect(await idOf(map, text)).to.deep.equal(await whole({ stringValue: 'jane' }));
    expect(await idOf(text, map)).to.deep.equal(await whole(asMap([{ key: 'a', text: '1' }])));
  });

  it('takes lengths that are written longer than needed, and refuses those beyond 32 bits', async () => {
    const event = encode('Span.Event', conversion());
    for (let bytes = 1; bytes <= 10; bytes++) {
      const body = field(1, field(2, field(2, field(11, event, bytes))));
      expect(await read(body), `${bytes} bytes`).to.include({ status: 200 });
      expect((await read(body)).events, `${bytes} bytes`).to.have.length(1);
    }
    const beyond = [0x80, 0x80, 0x80, 0x80, 0x10]; // 2^32
    for (const body of [
      [0x0a, ...beyond],
      [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      [...beyond.with(0, 0x8a), 0x00], // field 1, and a bit more
    ]) {
      expect(await read(Buffer.from(body))).to.include({ status: 400 });
    }
  });
});

describe('OTLP in JSON, to the letter', () => {
  const json = (value: unknown) => read(JSON.stringify(value), 'json');

  for (const [what, wrong] of Object.entries({
    text: 'x',
    'a number': 5,
    'an object': { 0: {} },
    'a list of lists': [[]],
  })) {
    it(`refuses a request where a list of objects is ${what}: its events would be passed over in silence`, async () => {
      for (const request of [
        { resourceSpans: wrong },
        { resource_spans: wrong },
        { resourceSpans: [{ scopeSpans: wrong }] },
        { resourceSpans: [{ scopeSpans: [{ spans: wrong }] }] },
        { resourceSpans: [{ scopeSpans: [{ spans: [{ events: wrong }] }] }] },
      ]) {
        const { status, body, events } = await json(request);
        expect({ status, events }, JSON.stringify(request)).to.deep.equal({ status: 400, events: [] });
        expect(JSON.parse(body).message).to.match(/^\w+ is not a list of objects$/);
      }
      const { send } = makeDoor('logs');
      for (const request of [
        { resourceLogs: wrong },
        { resourceLogs: [{ scopeLogs: wrong }] },
        { resourceLogs: [{ scopeLogs: [{ logRecords: wrong }] }] },
      ]) {
        const { status } = await send(Buffer.from(JSON.stringify(request)), MEDIA_TYPES.json);
        expect(status, JSON.stringify(request)).to.equal(400);
      }
    });
  }

  it('refuses a request whose resource is not an object: it may name a project', async () => {
    const request = traceOf(conversion());
    expect(await json({ resourceSpans: [{ ...request.resourceSpans[0], resource: 'shop' }] })).to.include({
      status: 400,
    });
  });

  it('takes null for what is absent, a list, an element, and a value included', async () => {
    const nothing = { resourceSpans: [null, { resource: null, scopeSpans: null }, { scopeSpans: [null] }] };
    expect(await json(nothing)).to.include({ status: 200 });
    const { events } = await json(traceOf(conversion({ key: 'a', value: null }, { key: 'b' })));
    expect(events).to.have.length(1);
  });

  for (const [what, attribute] of Object.entries({
    'a value that is text itself': { key: 'id', value: 'jane' },
    'a value that is a list': { key: 'id', value: [] },
    'a key that is a number': { key: 5, value: { stringValue: 'a' } },
    'an attribute that is text': 'id=jane',
    'a list of values that is text': { key: 'a', value: { arrayValue: { values: 'x' } } },
    'an element that is text itself': { key: 'a', value: { arrayValue: { values: ['x'] } } },
    'a map whose pairs are an object': { key: 'a', value: { kvlistValue: { values: { a: 1 } } } },
    'half of a surrogate pair': { key: 'a', value: { stringValue: 'jane\ud83e' } },
    'half of a surrogate pair in a key': { key: '\udd8a', value: { stringValue: 'a' } },
    'an integer that overflows by its exponent': { key: 'a', value: { intValue: '1e19' } },
    'an integer with a fraction in text': { key: 'a', value: { intValue: '15e-1' } },
    'a number of another base': { key: 'a', value: { doubleValue: '0x10' } },
    'a number with a space': { key: 'a', value: { doubleValue: ' 1' } },
    'a number larger than any double': { key: 'a', value: { doubleValue: '1e999' } },
    'bytes that are not Base64': { key: 'a', value: { bytesValue: '!!' } },
  })) {
    it(`tells of an event with ${what}, and takes the others`, async () => {
      const { status, events, unreadable } = await json(
        traceOf(conversion(), conversion(attribute as object), conversion()),
      );
      expect({ status, count: events.length }).to.deep.equal({ status: 200, count: 2 });
      expect(unreadable.map(({ count }) => count)).to.deep.equal([1]);
      expect(unreadable[0]?.reason).to.not.contain('jane');
    });
  }

  it('reads integers with an exponent or zeros behind the point, as numbers and as text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.nat(6),
        fc.constantFrom('e', 'E', 'e+'),
        async (integer, zeros, e) => {
          const digits = String(integer);
          const shifted = integer / 10n ** BigInt(zeros);
          const writings: [bigint, string][] = [
            [integer, `${digits}.${'0'.repeat(zeros + 1)}`],
            [integer, digits.length < 20 ? `${digits}0e-1` : digits],
            [shifted * 10n ** BigInt(zeros), `${shifted}${e}${zeros}`],
          ];
          for (const [expected, intValue] of writings) {
            const plain = await json(
              traceOf(conversion({ key: 'n', value: { intValue: String(expected) } })),
            );
            const written = await json(traceOf(conversion({ key: 'n', value: { intValue } })));
            expect(written.events, intValue).to.deep.equal(plain.events);
          }
        },
      ),
    );
  });

  it('reads a time of sixteen digits or more beside a text of millions of escapes', async () => {
    const long = JSON.stringify(
      traceOf({ ...conversion(string('stack', '\n"'.repeat(2_000_000))), timeUnixNano: '@' }),
    );
    const { status, events } = await read(long.replace('"@"', '1790000000123456789'), 'json');
    expect(status).to.equal(200);
    expect(events[0]).to.include({ timeUnixNano: '1790000000123456789' });
  });

  it('reads no long integer into a text where none may stand', async () => {
    for (const [body, status] of [
      ['{"a": [-1234567890123456789 , 12345678901234567890]}', 200],
      ['{1234567890123456789: 1}', 400],
      ['{"a": 1, 1234567890123456789\n: 1}', 400],
      ['{"a": 01234567890123456789}', 400],
      ['{"a": 1234567890123456789a}', 400],
      ['{"a": +1234567890123456789}', 400],
      ['{"a": "b"1234567890123456789}', 400],
      [`{"a": ${'9'.repeat(1_000_000)}}`, 200],
    ] as const) {
      expect((await read(body, 'json')).status, body.slice(0, 50)).to.equal(status);
    }
  });

  it('says where a body is not JSON, whatever its length, and takes no digits of it for the place', async () => {
    for (const [body, place] of [
      ['{"a": NaN}', 'line 1, column 7: NaN is not a JSON value'],
      ['{"a position 4711": jane}', 'line 1, column 21'],
      [`{"a":\n["${'position 4711 '.repeat(50)}", jane, "position 12"]}`, 'line 2, column 706'],
      ['', 'line 1, column 1: the text ends too early'],
    ] as const) {
      const answer = await read(body, 'json');
      expect(JSON.parse(answer.body)).to.deep.equal({
        code: 3,
        message: `the body is not JSON: see ${place}`,
      });
    }
  });
});
