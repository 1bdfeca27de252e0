// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';
import { arbitraryLogs, arbitraryTraces, logsBody, tracesBody } from './support/otlp-requests.js';
import { encode } from './support/otlp-schema.js';

const RUNS = Number(process.env.OTLP_FUZZ_RUNS ?? 2_000);

/** Changes, cuts and doubles bytes. */
const damage = fc.array(
  fc.record({ at: fc.nat(), byte: fc.nat(255), how: fc.constantFrom('set', 'cut', 'insert', 'double') }),
  { minLength: 1, maxLength: 8 },
);

function damaged(body: Buffer, changes: { at: number; byte: number; how: string }[]): Buffer {
  let bytes = [...body];
  for (const { at, byte, how } of changes) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (how === 'set' && bytes.length > 0) bytes[place] = byte;
    else if (how === 'cut') bytes = bytes.slice(0, place);
    else if (how === 'insert') bytes.splice(place, 0, byte, 0xff);
    else bytes.splice(place, 0, ...bytes.slice(place, place + byte));
  }
  return Buffer.from(bytes);
}

describe('OTLP: hostile bodies', () => {
  for (const signal of ['traces', 'logs'] as const) {
    for (const encoding of ['protobuf', 'json'] as const) {
      it(`are read or refused, whatever was damaged (${signal}, ${encoding})`, async () => {
        const { send } = makeDoor(signal);
        const bodies =
          signal === 'traces'
            ? arbitraryTraces.map(tracesBody[encoding])
            : arbitraryLogs.map(logsBody[encoding]);
        const seen = { 200: 0, 400: 0 };
        await fc.assert(
          fc.asyncProperty(bodies, damage, async (body, changes) => {
            const { status } = await send(damaged(body, changes), MEDIA_TYPES[encoding]);
            expect(status).to.be.oneOf([200, 400]);
            seen[status as 200 | 400]++;
          }),
          { numRuns: RUNS },
        );
        expect(seen[400], 'damaged ones are refused').to.be.above(0);
      });

      it(`are read or refused, where the bytes are random (${signal}, ${encoding})`, async () => {
        const { send } = makeDoor(signal);
        await fc.assert(
          fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async bytes => {
            const { status } = await send(Buffer.from(bytes), MEDIA_TYPES[encoding]);
            expect(status).to.be.oneOf([200, 400]);
          }),
          { numRuns: RUNS },
        );
      });
    }
  }

  it('are refused where messages nest without end', async () => {
    const { send } = makeDoor('traces');
    const groups = Buffer.alloc(1_000_000, 0x0b);
    expect((await send(groups, MEDIA_TYPES.protobuf)).status).to.equal(400);
    const lists = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect((await send(Buffer.from(`{"resourceSpans":${lists}}`), MEDIA_TYPES.json)).status).to.be.oneOf([
      200, 400,
    ]);
  });

  it('cost no more than their size: a million empty spans, events and attributes', async () => {
    const { send, taken } = makeDoor('traces');
    const many = (tag: number) => Buffer.alloc(2_000_000, Buffer.from([tag, 0]));
    const nest = (tag: number, body: Buffer) => {
      const length: number[] = [];
      let rest = body.length;
      for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
      return Buffer.concat([Buffer.from([tag, ...length, rest]), body]);
    };
    const inSpan = (body: Buffer) => nest(0x0a, nest(0x12, nest(0x12, body)));
    const event = (body: Buffer) =>
      inSpan(nest(0x5a, Buffer.concat([encode('Span.Event', { name: 'optimizely.conversion' }), body])));
    for (const body of [
      many(0x0a),
      nest(0x0a, many(0x12)),
      nest(0x0a, nest(0x12, many(0x12))),
      inSpan(many(0x5a)),
      event(many(0x1a)),
    ]) {
      expect((await send(body, MEDIA_TYPES.protobuf)).status).to.equal(200);
    }
    expect(taken.at(-1)?.unreadable.map(({ count }) => count)).to.deep.equal([1]);
  });

  describe('that hold more than one request may', () => {
    const event = { name: 'optimizely.conversion' };
    const withEvents = (count: number) => ({
      resourceSpans: [{ scopeSpans: [{ spans: [{ events: Array(count).fill(event) }] }] }],
    });

    for (const encoding of ['protobuf', 'json'] as const) {
      it(`are refused with 413: events (${encoding})`, async () => {
        const { send, taken } = makeDoor('traces');
        const encoded = (count: number) =>
          encoding === 'json'
            ? Buffer.from(JSON.stringify(withEvents(count)))
            : encode('ExportTraceServiceRequest', withEvents(count));
        expect((await send(encoded(50_000), MEDIA_TYPES[encoding])).status).to.equal(200);
        expect(taken[0]?.events).to.have.length(50_000);
        const answer = await send(encoded(50_001), MEDIA_TYPES[encoding]);
        expect(answer.status).to.equal(413);
        expect(String(answer.body)).to.contain('more than 50000 experiment events: send smaller batches');
        expect(taken).to.have.length(1);
      });
    }

    for (const [what, piece] of Object.entries({
      objects: '{},',
      lists: '[],',
      'lists in lists': '[',
      members: '"":0,',
    })) {
      it(`are refused with 413 before they are parsed, as they would take a hundred times as much memory: ${what}`, async () => {
        const { send, taken } = makeDoor('traces');
        const answer = await send(Buffer.alloc(16_000_000, piece), MEDIA_TYPES.json);
        expect(answer.status).to.equal(413);
        expect(taken).to.deep.equal([]);
      });
    }

    it('is not said of 16 MiB of usual spans, whatever their texts hold', async () => {
      const { send, taken } = makeDoor('traces');
      const attribute = { key: 'http.route', value: { stringValue: '/[id]:{a}' } };
      const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'GET', attributes: [attribute] };
      const text = JSON.stringify(span);
      const spans = Array(Math.floor(16_700_000 / (text.length + 1))).fill(text);
      const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(',')}]}]}]}`;
      expect((await send(Buffer.from(body), MEDIA_TYPES.json)).status).to.equal(200);
      expect(taken).to.have.length(1);
    });
  });

  for (const key of ['service.instance.id', 'optimizely.project']) {
    it(`cost only the events of a resource that can't be read: ${key} is not UTF-8`, async () => {
      const { send, taken } = makeDoor('traces');
      const group = (value: string) => ({
        resource: { attributes: [{ key, value: { stringValue: value } }] },
        scopeSpans: [{ spans: [{ events: [{ name: 'optimizely.conversion' }] }] }],
      });
      const good = encode('ExportTraceServiceRequest', { resourceSpans: [group('good')] });
      const bad = encode('ExportTraceServiceRequest', { resourceSpans: [group('Q!Q')] });
      bad[bad.indexOf('Q!Q')] = 0xff;
      const { status } = await send(Buffer.concat([bad, good]), MEDIA_TYPES.protobuf);
      expect(status).to.equal(200);
      expect(taken[0]?.unreadable).to.deep.equal([{ reason: 'a string is not UTF-8', count: 1 }]);
      expect(taken[0]?.events.map(({ resource }) => resource[key])).to.deep.equal(['good']);
    });
  }

  it('leave objects as they are: __proto__ is a key', async () => {
    const attributes = [
      { key: '__proto__', value: { stringValue: 'polluted' } },
      {
        key: 'constructor',
        value: { kvlistValue: { values: [{ key: '__proto__', value: { boolValue: true } }] } },
      },
    ];
    const request = {
      resourceSpans: [
        { scopeSpans: [{ spans: [{ events: [{ name: 'optimizely.conversion', attributes }] }] }] },
      ],
    };
    for (const [encoding, body] of [
      ['protobuf', encode('ExportTraceServiceRequest', request)],
      ['json', Buffer.from(JSON.stringify(request))],
    ] as const) {
      const { send, taken } = makeDoor('traces');
      await send(body, MEDIA_TYPES[encoding]);
      expect(Object.keys(taken[0]?.events[0]?.attributes ?? {})).to.have.members([
        '__proto__',
        'constructor',
      ]);
      expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
    }
    const polluting =
      '{"__proto__":{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[{"name":"optimizely.conversion"}]}]}]}]}}';
    const { send, taken } = makeDoor('traces');
    await send(Buffer.from(polluting), MEDIA_TYPES.json);
    expect(taken[0]?.events).to.deep.equal([]);
  });
});
