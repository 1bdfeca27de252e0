// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { StrandedMessages } from '../src/jetstream/stranded-messages.js';
import { closeEngines, startDestination } from './support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';
import { RelayHarness, STREAM, SUBJECT } from './support/relay.js';

describe('messages that a consumer takes for done and the stream still has', () => {
  let relay: RelayHarness;
  let logger: RecordingLogger;
  let stranded: StrandedMessages;

  beforeEach(async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    relay = new RelayHarness(await NatsServer.start(), await startDestination());
    logger = new RecordingLogger();
    stranded = new StrandedMessages({ stream: STREAM, subject: SUBJECT, consumer: 'c', logger });
    const manager = await relay.manager();
    await manager.streams.add({ name: STREAM, subjects: [SUBJECT, 'other'], retention: 'workqueue' });
    for (const body of ['one', 'two', 'three']) await relay.publish(body, { 'Optimizely-Sender': body });
    await manager.streams.deleteMessage(STREAM, 2, false);
  });

  afterEach(async () => {
    await relay?.[Symbol.asyncDispose]();
    await closeEngines();
  });

  const find = async (firstSequence: number, doneTo: number) =>
    stranded.find(await relay.manager(), { firstSequence, doneTo });
  const messages = async (wanted: number) => {
    while ((await relay.messages()) !== wanted);
  };

  it('are found at the second look, because those that were acknowledged just now are about to go', async () => {
    expect(await find(1, 3)).to.deep.equal([]);
    const found = await find(1, 3);
    expect(found.map(({ seq }) => seq)).to.deep.equal([1, 3]);
    expect(found.map(({ data }) => new TextDecoder().decode(data))).to.deep.equal(['one', 'three']);
    expect(found[0]?.headers?.get('Optimizely-Sender')).to.equal('one');
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.include('2 messages are left in stream optimizely-events');
  });

  it('are not those that the consumer still has to give, nor those behind where it was before', async () => {
    await find(1, 1);
    expect((await find(1, 3)).map(({ seq }) => seq)).to.deep.equal([1]);
    expect(await find(4, 3)).to.deep.equal([]);
  });

  it('leave the stream when they are acknowledged', async () => {
    await find(1, 3);
    for (const message of await find(1, 3)) message.ack();
    await messages(0);
  });

  it('are given once while they are in hand, and again after they were given back', async () => {
    await find(1, 3);
    const [first] = await find(1, 3);
    expect(await find(1, 3)).to.deep.equal([]);
    first?.nak();
    expect((await find(1, 3)).map(({ seq }) => seq)).to.deep.equal([1]);
  });

  it('are looked for again after NATS did not answer, which is said once', async () => {
    const broken = { streams: { getMessage: () => Promise.reject(new Error('no right')) } } as never;
    const position = { firstSequence: 1, doneTo: 3 };
    for (let look = 1; look <= 3; look++) expect(await stranded.find(broken, position)).to.deep.equal([]);
    expect(logger.at('warn')).to.have.length(1);
    expect(await find(1, 3)).to.have.length(2);
  });
});
