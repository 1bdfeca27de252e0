// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { expectedRecords, expectedSpanEvents, shownEvent } from './support/expected-events.js';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';
import { arbitraryLogs, arbitraryTraces, logsBody, tracesBody } from './support/otlp-requests.js';
import { encode } from './support/otlp-schema.js';

const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const traceOf = (...events: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ events }] }] }] });

async function readTraces(encoding: 'protobuf' | 'json', body: Buffer) {
  const { taken, send } = makeDoor('traces');
  const { status } = await send(body, MEDIA_TYPES[encoding]);
  return {
    status,
    events: taken.flatMap(({ events }) => events),
    unreadable: taken.flatMap(({ unreadable }) => unreadable),
  };
}

describe('OTLP: reading requests', () => {
  for (const encoding of ['protobuf', 'json'] as const) {
    it(`reads the span events that protobufjs or JSON wrote, and no others (${encoding})`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryTraces, async groups => {
          const { events } = await readTraces(encoding, tracesBody[encoding](groups));
          expect(events.map(shownEvent)).to.deep.equal(expectedSpanEvents(groups));
        }),
      );
    });

    it(`reads the log records, whether their name is a field or an attribute (${encoding})`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitraryLogs, async groups => {
          const { taken, send } = makeDoor('logs');
          await send(logsBody[encoding](groups), MEDIA_TYPES[encoding]);
          expect(taken[0]?.events.map(shownEvent)).to.deep.equal(expectedRecords(groups));
        }),
      );
    });
  }

  it('reads integers of JSON exactly, whether they are text or numbers', async () => {
    const asNumbers = (json: Buffer, space: string) =>
      String(json).replaceAll(/"((?:observedT|t)imeUnixNano|intValue)":"(-?\d+)"/g, `"$1":${space}$2`);
    await fc.assert(
      fc.asyncProperty(arbitraryLogs, fc.constantFrom('', ' ', '\n\t '), async (groups, space) => {
        const { taken, send } = makeDoor('logs');
        const { status } = await send(Buffer.from(asNumbers(logsBody.json(groups), space)), MEDIA_TYPES.json);
        expect(status).to.equal(200);
        expect(taken[0]?.events.map(shownEvent)).to.deep.equal(expectedRecords(groups));
      }),
    );
  });

  it('leaves digits within texts and doubles of JSON as they are', async () => {
    const { taken, send } = makeDoor('logs');
    const texts = [
      '[12345678901234567890',
      '\\": 12345678901234567890',
      ', -12345678901234567890 ,',
      '🦊:1234567890123456',
    ];
    const values = [
      ...texts.map(stringValue => ({ stringValue })),
      { doubleValue: 1.2345678901234567 },
      { doubleValue: 1.5e300 },
    ];
    const record = {
      eventName: 'optimizely.conversion',
      timeUnixNano: '@',
      attributes: [{ key: 'all', value: { arrayValue: { values } } }],
    };
    const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    await send(Buffer.from(json.replace('"@"', '1790000000123456789')), MEDIA_TYPES.json);
    const [event] = taken[0]?.events ?? [];
    expect(event?.timeUnixNano).to.equal(1_790_000_000_123_456_789n);
    expect(event?.attributes.all).to.deep.equal([...texts, 1.2345678901234567, 1.5e300]);
    const malformed = await send(Buffer.from('{"a": 1790000000123456789, "b": 01}'), MEDIA_TYPES.json);
    expect(malformed.status).to.equal(400);
    expect(String(malformed.body)).to.contain('see line 1, column 34');
  });

  it('reads flag evaluations only where they are asked for', async () => {
    const body = encode('ExportTraceServiceRequest', traceOf({ name: 'feature_flag.evaluation' }));
    for (const evaluations of [false, true]) {
      const { taken, send } = makeDoor('traces', { evaluations });
      await send(body, MEDIA_TYPES.protobuf);
      expect(taken[0]?.events).to.have.length(evaluations ? 1 : 0);
    }
  });

  it('takes ids that stand behind the events, and resources behind the spans', async () => {
    const events = encode('Span', { events: [{ name: 'optimizely.conversion' }] });
    const ids = encode('Span', { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2) });
    const nest = (field: number, body: Buffer) =>
      Buffer.concat([Buffer.from([(field << 3) | 2, body.length]), body]);
    const spans = nest(2, nest(2, Buffer.concat([events, ids])));
    const resource = nest(1, encode('Resource', { attributes: [string('optimizely.project', 'shop')] }));
    const { events: read } = await readTraces('protobuf', nest(1, Buffer.concat([spans, resource])));
    expect(read[0]).to.include({ traceId: '01'.repeat(16), spanId: '02'.repeat(8) });
    expect(read[0]?.resource).to.have.property('optimizely.project', 'shop');
  });

  it('skips fields that it does not know, of every wire type', async () => {
    const unknown = Buffer.from([
      ...[0xa0, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // field 100, varint of ten bytes
      ...[0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8], // 64 bits
      ...[0xa2, 0x06, 2, 1, 2], // bytes
      ...[0xa3, 0x06, 0xa0, 0x06, 1, 0xa4, 0x06], // a group with a field in it
      ...[0xa5, 0x06, 1, 2, 3, 4], // 32 bits
    ]);
    const known = encode('ExportTraceServiceRequest', traceOf({ name: 'optimizely.conversion' }));
    const { status, events } = await readTraces('protobuf', Buffer.concat([unknown, known, unknown]));
    expect({ status, count: events.length }).to.deep.equal({ status: 200, count: 1 });
  });

  it('reads members by their names in the .proto file as well, numbers as text or number, and null as absent', async () => {
    const request = {
      resource_spans: [
        {
          resource: null,
          scope_spans: [
            {
              spans: [
                {
                  trace_id: 'ABCDEF'.padEnd(32, '0'),
                  events: [
                    {
                      name: 'optimizely.conversion',
                      time_unix_nano: 5,
                      attributes: [
                        { key: 'a', value: { int_value: 7, stringValue: null } },
                        { key: 'b', value: { intValue: '7' } },
                      ],
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    };
    const { events } = await readTraces('json', Buffer.from(JSON.stringify(request)));
    expect(events[0]).to.include({ timeUnixNano: 5n, traceId: 'abcdef'.padEnd(32, '0') });
    expect({ ...events[0]?.attributes }).to.deep.equal({ a: 7, b: 7 });
  });

  describe('an event that is unreadable', () => {
    const good = { name: 'optimizely.conversion', attributes: [string('optimizely.event.key', 'good')] };
    let deep: object = { stringValue: 'bottom' };
    for (let level = 0; level < 40; level++) deep = { arrayValue: { values: [deep] } };

    it('costs none of the others: nested too deep', async () => {
      const request = traceOf(good, { ...good, attributes: [{ key: 'deep', value: deep }] }, good);
      for (const [encoding, body] of [
        ['protobuf', encode('ExportTraceServiceRequest', request)],
        ['json', Buffer.from(JSON.stringify(request))],
      ] as const) {
        const { events, unreadable } = await readTraces(encoding, body);
        expect(events).to.have.length(2);
        expect(unreadable).to.deep.equal([
          { reason: 'an attribute is nested deeper than 32 levels', count: 1 },
        ]);
      }
    });

    it('costs none of the others: a user id that is not UTF-8', async () => {
      const request = traceOf(
        good,
        { ...good, attributes: [string('feature_flag.context.id', 'J\u0001rg')] },
        good,
      );
      const body = encode('ExportTraceServiceRequest', request);
      body[body.indexOf('J\u0001rg') + 1] = 0xf6;
      const { events, unreadable } = await readTraces('protobuf', body);
      expect(events).to.have.length(2);
      expect(unreadable).to.deep.equal([{ reason: 'a string is not UTF-8', count: 1 }]);
    });

    for (const [what, value] of Object.entries({
      'an integer with a fraction': { intValue: 1.5 },
      'an integer of letters': { intValue: 'seven' },
      'an integer of more digits than the JavaScript SDK writes': { intValue: '9'.repeat(22) },
      'a text of an integer beyond 64 bits': { intValue: '2e19' },
      'a number of letters': { doubleValue: 'seven' },
      'an empty number': { doubleValue: '' },
      'text that is a number': { stringValue: 7 },
      'a boolean that is text': { boolValue: 'true' },
      'a list that is text': { arrayValue: 'a' },
      'a map that is a list': { kvlistValue: [] },
      'bytes that are a number': { bytesValue: 7 },
    })) {
      it(`is told in JSON by ${what}`, async () => {
        const request = traceOf(good, { ...good, attributes: [{ key: 'wrong', value }] });
        const { status, events, unreadable } = await readTraces('json', Buffer.from(JSON.stringify(request)));
        expect({ status, count: events.length, refused: unreadable[0]?.count }).to.deep.equal({
          status: 200,
          count: 1,
          refused: 1,
        });
      });
    }
  });
});
