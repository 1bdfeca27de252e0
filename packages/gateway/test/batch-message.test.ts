// SPDX-License-Identifier: Apache-2.0
import { headers } from '@nats-io/transport-node';
import { expect } from 'chai';
import fc from 'fast-check';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { SEED } from '../../../test/support/seed.js';
import { createEngine } from '../src/engine.js';
import { batchMessage, readMessage } from '../src/jetstream/batch-message.js';
import { batchOf } from './support/relay.js';

const URLS = {
  'https://logx.optimizely.com/v1/events': 'US',
  'https://eu.logx.optimizely.com/v1/events': 'EU',
  'https://EU.logx.optimizely.com:443/v1/events?a=b': 'EU',
  'https://proxy.example/eu.logx.optimizely.com': undefined,
  'https://eu.logx.optimizely.com.example/v1/events': undefined,
} as const;

const publishedAt = 1_700_000_000_000;

/** As NATS hands it to a consumer. */
function received(message: ReturnType<typeof batchMessage>) {
  return { data: message.payload, headers: message.headers, time: new Date(publishedAt) };
}

function headersOf(given: Readonly<Record<string, string>>) {
  const made = headers();
  for (const [name, value] of Object.entries(given)) made.set(name, value);
  return made;
}

describe('a batch as a message of the stream', () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  it('is read as it was published, with where it is for, who sent it, and how old it is', () => {
    const batches = fc.dictionary(fc.string(), fc.jsonValue());
    const senders = fc.stringMatching(/^[\w.:-]{1,64}$/);
    const urls = fc.constantFrom(...(Object.keys(URLS) as (keyof typeof URLS)[]));
    fc.assert(
      fc.property(batches, urls, senders, fc.nat(), fc.integer({ min: -50_000, max: 50_000 }), (...given) => {
        const [batch, url, sender, ageMillis, waited] = given;
        const text = JSON.stringify({ ...batch, visitors: [] });
        const { visitors: _, ...others } = JSON.parse(text);
        const envelope = JSON.stringify(others);
        const read = readMessage(
          received(batchMessage(encode(text), { url, sender, ageMillis })),
          publishedAt + waited,
        );
        expect(read).to.deep.equal({
          kind: 'batch',
          batch: { others: JSON.parse(envelope), envelope, visitors: [] },
          sender,
          // A clock that is behind makes nothing younger than it was.
          origin: { region: URLS[url], ageMillis: ageMillis + Math.max(0, waited) },
        });
      }),
      { seed: SEED },
    );
  });

  it('is never taken for a batch if it is none, whatever its bytes and headers are', () => {
    const odd = fc.dictionary(
      fc.constantFrom('Optimizely-Region', 'Optimizely-Sender', 'Optimizely-Age-Millis', 'Optimizely-Format'),
      fc.string({ unit: fc.constantFrom('1', '2', '-', 'E', 'U', 'e', '.', ' ') }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(encode)), odd, (data, given) => {
        const read = readMessage(
          { data, headers: headersOf(given), time: new Date(publishedAt) },
          publishedAt,
        );
        if (read.kind !== 'batch') return;
        expect(JSON.parse(new TextDecoder().decode(data)).visitors).to.be.an('array');
        expect(read.origin.ageMillis).to.be.at.least(0);
        expect(['US', 'EU', undefined]).to.include(read.origin.region);
        expect(read.sender).to.match(/^[\w.:-]{1,64}$/);
      }),
      { seed: SEED },
    );
  });

  it('is left for a later version where its format is not known, and is read without one', () => {
    const message = (given: Readonly<Record<string, string>>) => ({
      data: encode(batchOf(['u1'])),
      headers: headersOf(given),
      time: new Date(publishedAt),
    });
    expect(readMessage(message({}), publishedAt)).to.include({ kind: 'batch', sender: 'stream' });
    expect(readMessage(message({ 'Optimizely-Format': '2' }), publishedAt)).to.include({ kind: 'newer' });
    const secret = readMessage(message({ 'Optimizely-Format': 'user ada@example.com' }), publishedAt);
    expect(JSON.stringify(secret)).to.not.contain('ada');
  });

  for (const [region, given, body] of [
    ['EU', { 'Optimizely-Region': 'EU' }, {}],
    ['US', { 'Optimizely-Region': 'US' }, { region: 'EU' }],
    ['EU', {}, { region: 'EU' }],
    ['US', { 'Optimizely-Region': 'elsewhere' }, {}],
  ] as const) {
    it(`goes to ${region} where there is no datafile and it says ${JSON.stringify([given, body])}`, async () => {
      const urls: string[] = [];
      const engine = createEngine({
        config: { projects: { shop: { source: { kind: 'none' }, projectId: 'project-1', batchSize: 1 } } },
        logger: new RecordingLogger(),
        eventDispatcher: {
          async dispatchEvent({ url }) {
            urls.push(url);
            return { statusCode: 204 };
          },
        },
      });
      const data = encode(batchOf(['u1'], body));
      const read = readMessage({ data, headers: headersOf(given), time: new Date() }, Date.now());
      if (read.kind !== 'batch') throw new Error(read.problem);
      expect(await engine.messages.take(read.batch, read.sender, read.origin)).to.include({
        status: 'taken',
      });
      await engine.close();
      const host = region === 'EU' ? 'eu.logx.optimizely.com' : 'logx.optimizely.com';
      expect(urls).to.deep.equal([`https://${host}/v1/events`]);
    });
  }
});
