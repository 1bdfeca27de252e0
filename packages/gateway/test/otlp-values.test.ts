// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';
import { encode, type Json } from './support/otlp-schema.js';

const MOST = 100_000;
const event = (key: string, value: Json) => ({
  name: 'optimizely.conversion',
  eventName: 'optimizely.conversion',
  attributes: [{ key, value }],
});
const good = event('optimizely.event.key', { stringValue: 'purchase' });
const map = (members: number): Json => ({
  kvlistValue: { values: Array(members).fill({ key: 'a' }) },
});
const list = (elements: number): Json => ({ arrayValue: { values: Array(elements).fill({}) } });

const FORMS: Record<string, (values: number) => Json> = {
  members: values => event('optimizely.event.tags', map(values - 1)),
  elements: values => event('optimizely.event.tags', list(values - 1)),
  attributes: values => ({ ...good, attributes: Array(values).fill({ key: 'a' }) }),
  'elements of an attribute that is not read': values => event('other', list(values - 1)),
};
const TEXTS: Record<string, (values: number) => Json> = {
  'objects in a text': values => textOf(`[${'{},'.repeat(values / 2 - 1)}0]`),
  'members in a text': values => textOf(`{"":${'0,"":'.repeat(values / 2 - 1)}0}`),
  'lists in a text': values => textOf('['.repeat(values)),
};

function textOf(stringValue: string): Json {
  return event('optimizely.user.attributes', { stringValue });
}

async function send(signal: 'traces' | 'logs', encoding: 'protobuf' | 'json', events: Json[]) {
  const { taken, send } = makeDoor(signal);
  const [type, request] =
    signal === 'traces'
      ? ['ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ events }] }] }] }]
      : ['ExportLogsServiceRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: events }] }] }];
  const body =
    encoding === 'json' ? Buffer.from(JSON.stringify(request)) : encode(type as string, request as Json);
  const answer = await send(body, MEDIA_TYPES[encoding]);
  return {
    status: answer.status,
    message: String(answer.body),
    events: taken[0]?.events.length,
    unreadable: taken[0]?.unreadable,
  };
}

const refusedAlone = { status: 200, events: 1, unreadable: 1 };

describe('OTLP: how many values events may hold', () => {
  for (const signal of ['traces', 'logs'] as const) {
    for (const [what, make] of Object.entries({ ...FORMS, ...TEXTS })) {
      it(`refuses an event with more than one may have, and takes the others (${signal}: ${what})`, async () => {
        expect(await send(signal, 'protobuf', [make(MOST)])).to.include({ status: 200, events: 1 });
        const { status, events, unreadable } = await send(signal, 'protobuf', [good, make(MOST + 2)]);
        expect({ status, events, unreadable: unreadable?.[0]?.count }).to.deep.equal(refusedAlone);
        expect(unreadable?.[0]?.reason).to.contain('more than 100000 attributes');
      });

      it(`refuses a request whose events together have more than one may have (${signal}: ${what})`, async () => {
        expect(await send(signal, 'protobuf', Array(15).fill(make(MOST)))).to.include({
          status: 200,
          events: 15,
        });
        const { status, message, events } = await send(signal, 'protobuf', Array(31).fill(make(MOST)));
        expect({ status, events }).to.deep.equal({ status: 413, events: undefined });
        expect(message).to.contain('send smaller batches');
      });
    }
  }

  for (const [what, make] of Object.entries(TEXTS)) {
    it(`refuses such a text in JSON as well (${what})`, async () => {
      const { status, events, unreadable } = await send('traces', 'json', [good, make(MOST + 2)]);
      expect({ status, events, unreadable: unreadable?.[0]?.count }).to.deep.equal(refusedAlone);
    });
  }

  it('does not count what is in texts that are not JSON, nor other log records, however many', async () => {
    const commas = event('other', { stringValue: ','.repeat(3_000_000) });
    expect(await send('traces', 'protobuf', [commas])).to.include({ status: 200, events: 1 });
    const name = { key: 'event.name', value: { stringValue: 'app.click' } };
    const named = { attributes: [{ key: 'event.name', value: { stringValue: 'optimizely.conversion' } }] };
    const records = [...Array(150_000).fill({ attributes: [name] }), named];
    expect(await send('logs', 'protobuf', records)).to.include({ status: 200, events: 1 });
  });
});
