// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { skip } from '../../../test/support/skip.js';
import {
  closeEngines,
  countedEvents,
  type Destination,
  makeDatafileFile,
  makeFolder,
  startDestination,
  until,
  userIds,
} from './support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';
import { batchOf, RelayHarness, STREAM, send } from './support/relay.js';

const CONSUMER = 'optimizely-event-gateway';
const PARKED = `${STREAM}-parked`;

describe('a relay that is ill-treated', () => {
  let destination: Destination;
  let relay: RelayHarness;

  beforeEach(async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    destination = await startDestination();
    relay = new RelayHarness(await NatsServer.start(), destination);
  });

  afterEach(async () => {
    await relay?.[Symbol.asyncDispose]();
    await closeEngines();
  });

  const counted = (count: number) => until(() => countedEvents(destination).length >= count);
  const untilEmpty = async () => {
    while ((await relay.messages()) > 0);
  };

  for (const [kind, body, headers] of [
    ['what is not JSON', 'hello', {}],
    ['what is not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}],
    ['a list', '[1]', {}],
    ['nothing', '', {}],
    ['a batch without a project', batchOf(['u1'], { project_id: undefined }), {}],
    ['visitors that are none', batchOf([], { visitors: [7] }), {}],
    ['no visitors', batchOf([], { visitors: 'none' }), {}],
  ] as const) {
    it(`parks ${kind}, and delivers what comes behind it`, async () => {
      const { engine, logger } = relay.start('deliver');
      await until(() => engine.stream?.() !== undefined);
      await relay.publish(body, headers);
      await relay.publish(batchOf(['u2', 'u3']));
      await counted(2);
      await untilEmpty();
      expect(await relay.messages(PARKED)).to.equal(1);
      const parked = await (await relay.manager()).streams.getMessage(PARKED, { seq: 1 });
      expect(parked?.data).to.deep.equal(typeof body === 'string' ? new TextEncoder().encode(body) : body);
      expect(parked?.header.get('Optimizely-Parked')).to.not.equal('');
      expect(logger.at('error').filter(line => line.includes('was parked in stream'))).to.have.length(1);
      expect(engine.stream?.()?.parked.get('unreadable')).to.equal(1);
    });
  }

  it('leaves a message of a later format for a later gateway', async () => {
    const { engine, logger } = relay.start('deliver');
    await until(() => engine.stream?.() !== undefined);
    expect(
      Object.fromEntries(engine.stream?.()?.parked ?? []),
      'a counter that begins above zero rings no alert',
    ).to.deep.equal({
      unreadable: 0,
      newer_format: 0,
      unknown_project: 0,
      too_large: 0,
    });
    await relay.publish(batchOf(['u1']), { 'Optimizely-Format': '2' });
    await relay.publish(batchOf(['u2']), { 'Optimizely-Format': '1' });
    await counted(1);
    expect(userIds(destination)).to.deep.equal(['u2']);
    while ((await relay.messages()) > 1);
    expect(
      logger.at('warn').some(line => line.includes('its format is 2, and this gateway reads 1')),
    ).to.equal(true);
  });

  it('parks what no gateway knows once there is too much of it, and delivers what comes behind it', async () => {
    const { engine } = relay.start('deliver');
    await until(() => engine.stream?.() !== undefined);
    for (let n = 0; n < 510; n++) await relay.publish(batchOf([`u${n}`], { project_id: 'other' }));
    await relay.publish(batchOf(['last']));
    await counted(1);
    while ((await relay.messages()) > 500);
    expect(await relay.messages(PARKED)).to.equal(10);
    expect(engine.stream?.()?.parked.get('unknown_project')).to.equal(10);
  });

  it('makes a consumer anew that was deleted, and delivers all', async () => {
    const { engine } = relay.start('deliver');
    await until(() => engine.stream?.() !== undefined);
    await relay.publish(batchOf(['u1']));
    await counted(1);
    await (await relay.manager()).consumers.delete(STREAM, CONSUMER);
    await relay.publish(batchOf(['u2']));
    await counted(2);
    await untilEmpty();
  });

  it('makes a stream anew that was deleted, and goes on', async () => {
    const { engine: receiving } = relay.start('receive');
    const { engine } = relay.start('deliver');
    await until(() => engine.stream?.() !== undefined);
    await send(receiving, 2);
    await counted(2);
    await (await relay.manager()).streams.delete(STREAM);
    while ((await send(receiving, 1)).status !== 'taken');
    await counted(3);
  });

  it('says how many messages got too old before any gateway had them', async () => {
    const limits = { maxAgeMillis: 400 };
    const { engine: receiving } = relay.start('receive', limits);
    const first = relay.start('deliver', limits);
    await send(receiving, 1);
    await counted(1);
    await untilEmpty();
    await first.engine.close();
    for (let n = 0; n < 3; n++) await send(receiving, 1);
    await untilEmpty();
    const { engine, logger } = relay.start('deliver', limits);
    await until(() => engine.stream?.() !== undefined);
    expect(engine.stream?.()).to.include({ messages: 0, lost: 3 });
    const lines = logger.at('error').filter(line => line.includes('3 messages have left stream'));
    expect(lines).to.have.length(1);
  });

  it('delivers again after its server was frozen', async () => {
    const { engine: receiving } = relay.start('receive', {}, {}, { ackTimeoutMillis: 300 });
    relay.start('deliver');
    await send(receiving, 1);
    await counted(1);
    const { pid } = relay.server;
    if (pid === undefined) throw new Error('there is no server');
    process.kill(pid, 'SIGSTOP');
    expect((await send(receiving, 1)).status).to.equal('later');
    process.kill(pid, 'SIGCONT');
    await counted(2);
  });

  it('holds what cannot be delivered, no more than it has room for, and sends each event once', async () => {
    let isAway = true;
    destination.answers = [() => (isAway ? 503 : undefined)];
    const { engine: receiving } = relay.start('receive');
    for (let n = 0; n < 12; n++) await send(receiving, 5);
    const { engine } = relay.start('deliver', { maxMessages: 4 });
    await until(() => destination.requests > 0);
    const { num_ack_pending } = await (await relay.manager()).consumers.info(STREAM, CONSUMER);
    expect(num_ack_pending).to.be.at.most(4);
    isAway = false;
    await counted(60);
    await untilEmpty();
    const sent = destination.batches.flatMap(({ params }) => params.visitors);
    expect(sent).to.have.length(60);
    expect(engine.projects()[0]?.ledger).to.include({ recorded: 60, delivered: 60, pending: 0 });
  });

  it('delivers for one project while another cannot be delivered for', async () => {
    const away = await startDestination();
    away.answers = [() => 503];
    const path = makeDatafileFile();
    relay.start(
      'deliver',
      { maxMessages: 4 },
      {},
      {
        projects: {
          shop: { source: { kind: 'file', path }, endpoint: destination.url, flushIntervalMillis: 20 },
          blog: { source: { kind: 'none' }, projectId: 'away', endpoint: away.url, drainTimeoutMillis: 100 },
        },
      },
    );
    const receiving = relay.start('receive');
    await send(receiving.engine, 1);
    await counted(1);
    for (let n = 0; n < 10; n++) await relay.publish(batchOf([`u${n}`], { project_id: 'away' }));
    await send(receiving.engine, 1);
    await counted(2);
  });

  it('is not ready without its server, and ready again without a request that finds out', async () => {
    const receiving = relay.start('receive');
    const delivering = relay.start('deliver');
    const reasons = () =>
      [receiving, delivering].map(({ engine }) => engine.projects()[0]?.notReady ?? 'ready');
    await until(() => delivering.engine.stream?.() !== undefined);
    expect(reasons()).to.deep.equal(['ready', 'ready']);
    await relay.server.kill();
    await until(() => reasons().every(reason => reason === 'stream_unusable'));
    await relay.server.start();
    await until(() => reasons().every(reason => reason === 'ready'));
  });

  it('stays ready without its server where a store takes the events', async () => {
    const { engine, logger } = relay.start('receive', {}, { store: makeFolder() });
    await relay.server.kill();
    await until(() => logger.at('error').length > 0);
    expect(engine.projects()[0]?.notReady).to.equal(undefined);
    expect((await send(engine, 2)).status).to.equal('taken');
    await relay.server.start();
    await until(() => engine.projects()[0]?.ledger.streamed === 2);
  });

  it('counts what it fills the stream with by its sender, and what it delivers by who published it', async () => {
    const receiving = relay.start('receive');
    const delivering = relay.start('deliver');
    await send(receiving.engine, 3);
    await counted(3);
    await relay.publish(batchOf(['u1', 'u2']), { 'Optimizely-Sender': 'shop' });
    await until(() => delivering.counts.length === 2);
    expect(receiving.counts).to.deep.equal([
      { door: 'otlp', project: 'shop', sender: 'test', outcome: 'streamed', count: 3 },
    ]);
    expect(delivering.counts).to.deep.equal([
      { door: 'stream', project: 'shop', sender: 'optimizely-event-gateway', outcome: 'taken', count: 3 },
      { door: 'stream', project: 'shop', sender: 'shop', outcome: 'taken', count: 2 },
    ]);
  });

  it('mixes no contexts, though many take turns in the stream', async () => {
    const { engine } = relay.start('deliver', {}, { flushIntervalMillis: 200 });
    await until(() => engine.stream?.() !== undefined);
    const contexts = [
      {},
      { revision: '43' },
      { account_id: 'account-2' },
      { client_name: 'other' },
      { client_version: '2.0.0' },
      { anonymize_ip: false },
      { enrich_decisions: false },
    ];
    for (let turn = 0; turn < 5; turn++)
      for (const [n, members] of contexts.entries()) await relay.publish(batchOf([`u${n}${turn}`], members));
    await counted(5 * contexts.length);
    for (const { params } of destination.batches) {
      const kinds = new Set(params.visitors.map(({ visitor_id }) => visitor_id.slice(0, 2)));
      expect([...kinds], JSON.stringify(params)).to.have.length(1);
      const members: object = contexts[Number([...kinds][0]?.slice(1))] ?? {};
      expect(params).to.include(members);
    }
    // Side by side: each fills a request of its own.
    expect(destination.batches.length).to.be.below(3 * contexts.length);
  });

  it('gives up what is older than the stream keeps events, since its sender accepted it', async () => {
    const { ledger, counts } = relay.start('deliver', { maxAgeMillis: 60_000 });
    await until(() => countedEvents(destination).length === 0);
    const { engine } = relay.start('receive', { maxAgeMillis: 60_000 });
    await send(engine, 1);
    await counted(1);
    await relay.publish(batchOf(['u1', 'u2']), { 'Optimizely-Age-Millis': '61000' });
    await until(() => counts.some(({ outcome }) => outcome === 'expired'));
    await untilEmpty();
    expect(counts.at(-1)).to.deep.include({ door: 'stream', project: 'shop', outcome: 'expired', count: 2 });
    expect(ledger().recorded).to.equal(1);
  });

  it('gives up what gets too old in its hands', async () => {
    destination.answers = [() => 503];
    const { engine, ledger } = relay.start('deliver', { maxAgeMillis: 60_000 });
    await until(() => engine.stream?.() !== undefined);
    await relay.publish(batchOf(['u1']), { 'Optimizely-Age-Millis': '59500' });
    await until(() => ledger().dropped.expired === 1);
    await untilEmpty();
  });
});
