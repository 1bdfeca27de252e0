// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { readWithUuids } from '../src/events-api/batch-uuids.js';
import { cutBatch } from '../src/events-api/cut-batch.js';
import { createEventsDoor } from '../src/events-api/events-door.js';
import type { BatchReceipt } from '../src/model/receipt.js';
import { describeMistake } from '../src/util/json-mistake.js';

const SENDER = { name: 'test', project: undefined };

function makeDoor(receipt: BatchReceipt = { status: 'taken', refused: [], shownOnly: 0 }) {
  const taken: { batch: unknown; text: string }[] = [];
  const door = createEventsDoor({
    async take(batch, text) {
      taken.push({ batch, text });
      return receipt;
    },
  });
  const post = async (body: string | Buffer) => {
    const {
      status,
      headers,
      body: answer,
    } = await door.answer({
      body: Buffer.from(body),
      mediaType: '',
      sender: SENDER,
    });
    return {
      status,
      headers,
      message: answer && (JSON.parse(String(answer)) as { message: string }).message,
    };
  };
  return { door, post, taken };
}

/** White space as senders may write it between the parts of JSON. */
const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);

/** JSON text of the value, spread out. */
function spread(value: unknown, gap: string): string {
  if (Array.isArray(value))
    return `[${gap}${value.map(one => spread(one, gap)).join(`${gap},${gap}`)}${gap}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, one]) => `${JSON.stringify(key)}${gap}:${gap}${spread(one, gap)}`,
  );
  return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
}

describe('the text of a batch', () => {
  it('is cut into its visitors and the rest, whatever they hold', () => {
    const members = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
    fc.assert(
      fc.property(
        members,
        fc.array(members, { maxLength: 5 }),
        members,
        space,
        (before, visitors, after, gap) => {
          const { visitors: _, ...first } = before;
          const batch = {
            ...first,
            visitors,
            ...Object.fromEntries(Object.entries(after).filter(([key]) => key !== 'visitors')),
          };
          const { visitors: texts, envelope } = cutBatch(`${gap}${spread(batch, gap)}${gap}`);
          expect(texts.map(text => JSON.parse(text) as unknown)).to.deep.equal(
            JSON.parse(JSON.stringify(visitors)),
          );
          const { visitors: __, ...others } = JSON.parse(JSON.stringify(batch)) as Record<string, unknown>;
          expect(JSON.parse(envelope)).to.deep.equal(others);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps numbers as they were written', () => {
    const visitor = '{"visitor_id":"v","n":9007199254740993,"f":1.10e+2,"z":-0}';
    const { visitors, envelope } = cutBatch(`{"account_id":12345678901234567890,"visitors":[ ${visitor} ]}`);
    expect(visitors).to.deep.equal([visitor]);
    expect(envelope).to.equal('{"account_id":12345678901234567890}');
  });

  it('has the last of several members named visitors, also where the name is written with escapes', () => {
    expect(cutBatch('{"visitors":[{"a":1}],"b":"[{,","\\u0076isitors":[{"c":"]}"}]}')).to.deep.equal({
      visitors: ['{"c":"]}"}'],
      envelope: '{"b":"[{,"}',
    });
  });
});

describe('the uuid of an event that came without', () => {
  const uuid = fc.constantFrom(undefined, null, '', 'a-uuid-of-its-own', 7);
  const event = fc.tuple(uuid, fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }));
  const snapshot = fc.oneof(
    { weight: 5, arbitrary: fc.record({ a: fc.jsonValue(), events: fc.array(event, { maxLength: 3 }) }) },
    fc.constantFrom({ events: null }, {}, null, 'text'),
  );
  const visitors = fc.array(fc.array(snapshot, { maxLength: 3 }), { maxLength: 4 });
  const NONE: readonly unknown[] = [undefined, null, ''];

  function written(snapshots: readonly unknown[]): Record<string, unknown> {
    const eventOf = ([given, rest]: readonly [unknown, Record<string, unknown>]) => ({
      ...rest,
      uuid: given,
    });
    return JSON.parse(
      JSON.stringify({
        visitor_id: 'v',
        snapshots: snapshots.map(one =>
          typeof one === 'object' && one !== null && 'events' in one && Array.isArray(one.events)
            ? { ...one, events: one.events.map(eventOf) }
            : one,
        ),
      }),
    );
  }

  /** The events of a visitor, which are changed in place. */
  function eventsOf({ snapshots }: Record<string, unknown>): Record<string, unknown>[] {
    return (snapshots as ({ events?: unknown } | null)[]).flatMap(one =>
      Array.isArray(one?.events) ? (one.events as Record<string, unknown>[]) : [],
    );
  }

  it('is made for it alone, the same whenever the batch comes again, and all else stays as it was', () => {
    fc.assert(
      fc.property(visitors, space, (given, gap) => {
        const sent = given.map(written);
        const text = spread({ visitors: sent, account_id: 'a' }, gap);
        const read = () => readWithUuids({ visitors: sent }, sent, text);
        const { batch, texts } = read();
        expect(read()).to.deep.equal({ batch, texts });
        const stamped = batch.visitors as Record<string, unknown>[];
        expect(texts.visitors.map(one => JSON.parse(one))).to.deep.equal(stamped);
        const made: unknown[] = [];
        const unstamped = structuredClone(stamped);
        for (const [index, visitor] of sent.entries()) {
          const after = eventsOf(unstamped[index] as Record<string, unknown>);
          for (const [place, before] of eventsOf(visitor).entries()) {
            const one = after[place] as Record<string, unknown>;
            if (!NONE.includes(before.uuid)) continue;
            made.push(one.uuid);
            if ('uuid' in before) one.uuid = before.uuid;
            else delete one.uuid;
          }
        }
        expect(unstamped).to.deep.equal(sent);
        expect(new Set(made).size).to.equal(made.length);
        for (const one of made)
          expect(one).to.match(/^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves numbers as they were written, and takes the last of several members of one name', () => {
    const visitor =
      '{"visitor_id":"v","snapshots":[{"events":[{}]}],"snapshots":[{"events":[{"uuid":"kept?","n":9007199254740993, "\\u0075uid" : null}]}]}';
    const text = `{"visitors":[${visitor}]}`;
    const { visitors: parsed } = JSON.parse(text);
    const { texts } = readWithUuids({ visitors: parsed }, parsed, text);
    expect(texts.visitors[0]).to.match(
      /^\{"visitor_id":"v","snapshots":\[\{"events":\[\{\}\]\}\],"snapshots":\[\{"events":\[\{"uuid":"kept\?","n":9007199254740993, "uuid":"[\da-f-]{36}"\}\]\}\]\}$/,
    );
  });

  it('differs between batches', () => {
    const uuidOf = (revision: string) => {
      const sent = [{ snapshots: [{ events: [{}] }] }];
      const { texts } = readWithUuids({}, sent, JSON.stringify({ revision, visitors: sent }));
      return texts.visitors[0];
    };
    expect(uuidOf('1')).to.not.equal(uuidOf('2'));
  });
});

describe('the place where a text stops being JSON', () => {
  it('is none in what JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.jsonValue(), space, (value, gap) => {
        const text = spread(value, gap);
        expect(describeMistake(text)).to.match(/: the text ends too early$/);
      }),
      { numRuns: 300 },
    );
  });

  it('is where a character was added, or behind it', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom('\u0001', '@', '}', ',', '"'),
        (value, at, character) => {
          const text = JSON.stringify(value);
          const index = at % (text.length + 1);
          const changed = text.slice(0, index) + character + text.slice(index);
          let isJson = true;
          try {
            JSON.parse(changed);
          } catch {
            isJson = false;
          }
          fc.pre(!isJson);
          const column = Number(/column (\d+)/.exec(describeMistake(changed))?.[1]);
          // A literal, an escape or an exponent is named by its beginning.
          expect(column - 1).to.be.within(index - 5, changed.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  for (const word of ['NaN', 'Infinity', '-Infinity', 'None', 'True', 'undefined']) {
    it(`names ${word}, which other languages write`, () => {
      expect(describeMistake(`{\n  "value": ${word}}`)).to.equal(
        `line 2, column 12: ${word} is not a JSON value`,
      );
    });
  }

  for (const [text, place] of [
    ['', 'line 1, column 1: the text ends too early'],
    ['[1,]', 'line 1, column 4'],
    ['{"a":1,}', 'line 1, column 8'],
    ['{"a" 1}', 'line 1, column 6'],
    ['[01]', 'line 1, column 3'],
    ['{} {}', 'line 1, column 4'],
    ['["a\nb"]', 'line 1, column 4'],
    ['["\\x"]', 'line 1, column 3'],
    [`${'['.repeat(200_000)}x`, 'line 1, column 200001'],
  ]) {
    it(`of ${JSON.stringify(text?.slice(0, 20))} is ${place}`, () => {
      expect(describeMistake(text ?? '')).to.equal(place);
    });
  }
});

describe('POST /v1/events', () => {
  it('hands the batch and its text on, and answers 204', async () => {
    const { post, taken } = makeDoor();
    expect(await post('\ufeff{"visitors":[]}')).to.deep.include({ status: 204, message: undefined });
    expect(taken).to.deep.equal([{ batch: { visitors: [] }, text: '{"visitors":[]}' }]);
  });

  it('answers 400 with the place for NaN, and quotes nothing', async () => {
    const { post, taken } = makeDoor();
    const { status, message } = await post('{"visitors":[{"visitor_id":"secret","value":NaN}]}');
    expect(status).to.equal(400);
    expect(message).to.equal('the body is not JSON: see line 1, column 45: NaN is not a JSON value');
    expect(taken).to.deep.equal([]);
  });

  for (const [name, body, message] of [
    ['text that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'the body is not UTF-8'],
    ['a list', '[]', 'the body is not a JSON object'],
    ['null', 'null', 'the body is not a JSON object'],
    ['nothing', '', 'the body is not JSON: see line 1, column 1: the text ends too early'],
  ] as const) {
    it(`answers 400 for ${name}`, async () => {
      expect(await makeDoor().post(body)).to.deep.include({ status: 400, message });
    });
  }

  it('answers 503 with Retry-After for what is to be sent again, and 400 for what is malformed', async () => {
    const later = makeDoor({ status: 'later', reason: 'queue_full', retryAfterSeconds: 7 });
    const answer = await later.post('{}');
    expect(answer).to.deep.include({ status: 503, message: 'queue_full' });
    expect(answer.headers).to.deep.include({ 'retry-after': '7', 'content-type': 'application/json' });
    const malformed = makeDoor({ status: 'malformed', message: 'no visitors' });
    expect(await malformed.post('{}')).to.deep.include({ status: 400, message: 'no visitors' });
  });
});
