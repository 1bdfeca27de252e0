// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { BatchEventProcessor, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';

const VISITOR = {
  visitor_id: 'v',
  attributes: [{ entity_id: '400', key: 'plan', type: 'custom', value: 'gold' }],
  snapshots: [
    {
      decisions: null,
      events: [{ entity_id: '300', key: 'purchase', timestamp: 1_700_000_000_000, uuid: 'u-1' }],
    },
  ],
};
const BATCH = {
  account_id: 'account-1',
  project_id: 'project-1',
  revision: '6',
  client_name: 'python-sdk',
  client_version: '5.5.0',
  anonymize_ip: true,
  enrich_decisions: true,
  visitors: [VISITOR],
};
const OPTIONS = { region: 'US', acceptedAt: 5_000 } as const;

async function send(batch: Record<string, unknown>, options: Parameters<typeof readEventBatch>[1] = OPTIONS) {
  const eventDispatcher = new RecordingDispatcher();
  const bodies: string[] = [];
  eventDispatcher.answer = (_attempt, { body }) => {
    bodies.push(body);
    return { statusCode: 204 };
  };
  const processor = new BatchEventProcessor({
    eventDispatcher,
    logger: new RecordingLogger(),
    runtime: new ManualRuntime(),
    startOnInit: true,
  });
  for (const { event } of readEventBatch(batch, options)) processor.process(event);
  await processor.stop();
  return { bodies, urls: eventDispatcher.urls, ledger: processor.ledger() };
}

describe('readEventBatch', () => {
  it('gives events that arrive as the batch says', async () => {
    const { bodies, ledger } = await send(BATCH);
    expect(bodies.map(body => JSON.parse(body) as unknown)).to.deep.equal([BATCH]);
    expect(ledger.delivered).to.equal(1);
  });

  it('keeps what no SDK of this version writes, and the texts that it is given', async () => {
    const envelope = '{"account_id":12345678901234567890,"more":{"a":1.0}}';
    const visitors = ['{"visitor_id":"v","n":9007199254740993,"snapshots":[]}'];
    const { bodies } = await send(
      { account_id: 1, more: { a: 1 }, visitors: [{}] },
      { ...OPTIONS, texts: { visitors, envelope } },
    );
    expect(bodies).to.deep.equal([`${envelope.slice(0, -1)},"visitors":${`[${visitors[0]}]`}}`]);
  });

  it('sends to the region that is given', async () => {
    expect((await send(BATCH, { ...OPTIONS, region: 'EU' })).urls).to.deep.equal([
      'https://eu.logx.optimizely.com/v1/events',
    ]);
  });

  it('shows single events by their keys, and says nothing of a visitor with several', () => {
    const [snapshot] = VISITOR.snapshots;
    const several = { ...VISITOR, snapshots: [snapshot, snapshot] };
    const [one, two] = readEventBatch({ ...BATCH, visitors: [VISITOR, several] }, OPTIONS);
    expect(one?.shown).to.deep.include({
      type: 'conversion',
      userId: 'v',
      eventKey: 'purchase',
      uuid: 'u-1',
    });
    expect(two?.shown).to.equal(undefined);
  });

  describe('through a processor with an allow list', () => {
    const [{ events }] = VISITOR.snapshots as [(typeof VISITOR.snapshots)[0]];
    const withAttributes = (attributes: unknown) => ({ ...VISITOR, attributes });
    const withTags = (tags: unknown) => ({ ...VISITOR, snapshots: [{ events: [{ ...events[0], tags }] }] });

    async function sendFiltered(visitor: object) {
      const eventDispatcher = new RecordingDispatcher();
      const bodies: string[] = [];
      eventDispatcher.answer = (_attempt, { body }) => {
        bodies.push(body);
        return { statusCode: 204 };
      };
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher,
        allowedAttributes: ['plan'],
        logger: new RecordingLogger(),
        runtime: new ManualRuntime(),
      });
      for (const { event, shown } of readEventBatch({ ...BATCH, visitors: [visitor] }, OPTIONS)) {
        processor.process(event, shown, null);
      }
      await processor.shutdown();
      return { sent: bodies.join(), dropped: processor.ledger().dropped };
    }

    for (const [what, visitor] of [
      ['attributes that are an object', withAttributes({ mail: 'hidden' })],
      ['attributes that are a text', withAttributes('hidden')],
      ['a text among its attributes', withAttributes([...VISITOR.attributes, 'hidden'])],
      ['a list among its attributes', withAttributes([...VISITOR.attributes, ['hidden']])],
      ['tags that are a list', withTags(['hidden'])],
      ['tags that are a text', withTags('hidden')],
    ] as const) {
      it(`refuses a visitor with ${what}, which the list can't be held against`, async () => {
        expect(await sendFiltered(visitor)).to.deep.equal({ sent: '', dropped: { before_send: 1 } });
      });
    }

    for (const [what, attribute] of [
      ['without a key', { entity_id: '401', type: 'custom', value: 'hidden' }],
      ['whose key is not a text', { entity_id: '401', key: 7, type: 'custom', value: 'hidden' }],
      ['under the id of the mark of bot filtering', { entity_id: '$opt_bot_filtering', value: 'hidden' }],
    ] as const) {
      it(`leaves out an attribute ${what}`, async () => {
        const { sent } = await sendFiltered(withAttributes([...VISITOR.attributes, attribute]));
        expect(sent).to.contain('"gold"').and.not.contain('hidden');
      });
    }

    it('takes absent attributes and tags for none', async () => {
      for (const visitor of [withAttributes(null), withAttributes(undefined), withTags(null)]) {
        expect(await sendFiltered(visitor)).to.deep.include({ dropped: {} });
      }
    });
  });

  it('knows an attribute without a key by its id', () => {
    const attributes = [
      { entity_id: '400', value: 'gold' },
      { entity_id: 401, value: 41 },
    ];
    const [read] = readEventBatch({ ...BATCH, visitors: [{ ...VISITOR, attributes }] }, OPTIONS);
    expect(read?.shown?.attributes).to.deep.equal({ '400': 'gold', '401': 41 });
  });

  it('of no visitors is empty, and of what is not a visitor has what the processor refuses', async () => {
    for (const visitors of [undefined, null, {}, 'text', []]) {
      expect(readEventBatch({ ...BATCH, visitors }, OPTIONS)).to.deep.equal([]);
    }
    const { ledger } = await send({ ...BATCH, visitors: [null, 5, [], VISITOR] });
    expect(ledger).to.deep.include({ delivered: 1, dropped: { invalid: 3 } });
  });
});
