// SPDX-License-Identifier: Apache-2.0
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { startGateway } from 'optimizely-event-gateway';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { createJetStreamDispatcher } from '../src/jetstream/index.js';
import type { Engine } from '../src/model/engine.js';
import type { ProjectConfig } from '../src/model/gateway-config.js';
import type { GatewayRole, RelayOptions } from '../src/model/relay-options.js';
import { createRelayEngine } from '../src/relay-engine.js';
import {
  closeEngines,
  conversion,
  countedEvents,
  type Destination,
  makeDatafileFile,
  SENDER,
  startDestination,
  until,
} from './support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';
import { conversions, sendTraces } from './support/start.js';

const TAKEN = { status: 'taken', refused: [], shownOnly: 0 };

describe('a relay over JetStream', () => {
  let server: NatsServer;
  let destination: Destination;
  const engines: Engine[] = [];

  beforeEach(async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    server = await NatsServer.start();
    destination = await startDestination();
  });

  afterEach(async () => {
    await Promise.all(engines.splice(0).map(engine => engine.close()));
    await server?.[Symbol.asyncDispose]();
    await closeEngines();
  });

  function start(role: GatewayRole, relay: Partial<RelayOptions> = {}, project: Partial<ProjectConfig> = {}) {
    const logger = new RecordingLogger();
    const shop: ProjectConfig = {
      source: { kind: 'file', path: makeDatafileFile() },
      endpoint: destination.url,
      flushIntervalMillis: 50,
      ...project,
    };
    const engine = createRelayEngine({
      config: { projects: { shop } },
      relay: { servers: server.url, role, ...relay },
      logger,
    });
    engines.push(engine);
    return { engine, logger };
  }

  const send = (engine: Engine, count: number) =>
    engine.otlp.take({ events: Array.from({ length: count }, () => conversion()), unreadable: [] }, SENDER);
  const counted = (count: number) => until(() => countedEvents(destination).length >= count);
  async function messagesLeft(): Promise<number> {
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info('optimizely-events');
    await connection.close();
    return state.messages;
  }

  it('takes events on one gateway and delivers them from another', async () => {
    const { engine: receiving } = start('receive');
    const { engine: delivering } = start('deliver');
    expect(await send(receiving, 20)).to.deep.equal(TAKEN);
    await counted(20);
    expect(countedEvents(destination)).to.have.length(20);
    expect(receiving.projects()[0]?.ledger).to.include({ recorded: 20, streamed: 20 });
    await until(() => delivering.projects()[0]?.ledger.delivered === 20);
  });

  it('is what --nats and --role ask of the command', async () => {
    const datafile = makeDatafileFile();
    const options = { datafile, port: 0, logLevel: 'silent', flushIntervalMillis: 50 } as const;
    await using delivering = await startGateway({
      ...options,
      endpoint: destination.url,
      relay: { servers: server.url, role: 'deliver' },
    });
    await using receiving = await startGateway({
      ...options,
      relay: { servers: server.url, role: 'receive' },
    });
    expect((await sendTraces(receiving.url, conversions(['ada', 'bob']))).status).to.equal(200);
    await counted(2);
    // It has no senders.
    const refused = await sendTraces(delivering.url, conversions(['cid']));
    expect(refused.status).to.equal(503);
    expect(((await refused.json()) as { message: string }).message).to.equal('delivers_only');
  });

  it('does both in one process', async () => {
    const { engine } = start('both');
    expect(await send(engine, 5)).to.deep.equal(TAKEN);
    await counted(5);
    expect(engine.projects().map(({ name }) => name)).to.deep.equal(['shop', 'shop/deliver']);
  });

  it('gives a receipt while nobody delivers: the stream has the events', async () => {
    const { engine } = start('receive');
    expect(await send(engine, 5)).to.deep.equal(TAKEN);
    expect(await messagesLeft()).to.equal(1);
    start('deliver');
    await counted(5);
    while ((await messagesLeft()) > 0);
  });

  it('gives a uuid to an event of an SDK that came without before it enters the stream: a message may be delivered twice', async () => {
    const { engine } = start('receive');
    const event = { entity_id: '300', key: 'purchase', timestamp: 1_700_000_000_000 };
    const batch = {
      project_id: 'project-1',
      visitors: [{ visitor_id: 'ada', attributes: [], snapshots: [{ decisions: [], events: [event] }] }],
    };
    expect(await engine.batches.take(batch, JSON.stringify(batch), SENDER)).to.deep.equal(TAKEN);
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const stored = await manager.streams.getMessage('optimizely-events', { seq: 1 });
    await connection.close();
    const { visitors } = stored?.json<typeof batch>() ?? batch;
    expect(visitors[0]?.snapshots[0]?.events[0])
      .to.have.property('uuid')
      .that.matches(/^[\da-f-]{36}$/);
  });

  it('fills batches across senders', async () => {
    const { engine } = start('receive');
    for (let request = 0; request < 30; request++) await send(engine, 2);
    start('deliver', {}, { flushIntervalMillis: 500 });
    await counted(60);
    expect(destination.requests).to.be.at.most(2);
  });

  it('fills requests across Node services, at the default settings of all', async () => {
    const services = Array.from({ length: 40 }, () => {
      const eventDispatcher = createJetStreamDispatcher({ servers: server.url });
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher,
        install: false,
      });
      return { eventDispatcher, processor };
    });
    for (const [n, { processor }] of services.entries())
      for (let event = 0; event < 10; event++)
        processor.recordConversion({ userId: `user-${n}-${event}`, eventKey: 'purchase' });
    await until(() => services.every(({ processor }) => processor.ledger().streamed === 10));
    await Promise.all(services.map(({ eventDispatcher }) => eventDispatcher.close()));
    await Promise.all(services.map(({ processor }) => processor.shutdown()));
    expect(await messagesLeft()).to.equal(40);
    start('deliver', {}, { flushIntervalMillis: undefined });
    await counted(400);
    expect(destination.requests).to.be.at.most(2);
  });

  it('gives no receipt without the stream, and takes the repeat when it is back', async () => {
    const { engine } = start('receive');
    expect(await send(engine, 1)).to.deep.equal(TAKEN);
    await server.kill();
    const events = [conversion(), conversion()];
    const request = { events, unreadable: [] };
    expect(await engine.otlp.take(request, SENDER)).to.include({ status: 'later' });
    await server.start();
    for (;;) {
      const receipt = await engine.otlp.take(request, SENDER);
      if (receipt.status === 'taken') break;
    }
    start('deliver');
    await counted(3);
    expect(countedEvents(destination)).to.have.length(3);
  });

  it('says once that NATS is away, and once that it is back, though two connections of the process notice', async () => {
    const { engine, logger } = start('both');
    await send(engine, 1);
    await counted(1);
    const isReady = () => engine.projects().map(({ notReady }) => notReady === undefined);
    await server.kill();
    await until(() => !isReady().includes(true));
    await server.start();
    await until(() => !isReady().includes(false));
    const lines = (part: string) => logger.lines.filter(({ message }) => message.includes(part));
    expect(lines('NATS cannot be used')).to.have.length(1);
    expect(lines('NATS can be used again')).to.have.length(1);
  });

  it('ends what it receives and what it delivers side by side: each may need all of its time', async () => {
    destination.answers = [() => 503];
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const shop = { source: { kind: 'file', path: makeDatafileFile() }, endpoint: destination.url } as const;
    const engine = createRelayEngine({
      config: { projects: { shop }, ackTimeoutMillis: 600_000 },
      relay: { servers: server.url, role: 'both' },
      logger,
      runtime,
    });
    const send = () => engine.otlp.take({ events: [conversion()], unreadable: [] }, SENDER);
    const received = send();
    while (destination.requests === 0) await runtime.advance(100);
    expect(await received).to.deep.equal(TAKEN);
    server.pause();
    const unpublished = send();
    await runtime.advance(200);
    const closing = engine.close();
    await runtime.advance(8_001);
    const lines = () => logger.at('error').filter(line => line.includes('shutdown ended'));
    await until(() => lines().length === 2);
    for (const line of lines())
      expect(line, 'one has no receipt, and the message of the other stays in the stream').to.match(
        /; events undelivered: (\d+), of these lost: 0, in the event store: 0, given back to those who handed them over: \1$/,
      );
    expect(await unpublished).to.include({ status: 'later' });
    server.resume();
    await closing;
  });

  it('isolates a poisoned event, and delivers the others of its message', async () => {
    destination.answers = [
      batch => (batch.params.visitors.some(({ visitor_id }) => visitor_id === 'poison') ? 400 : undefined),
    ];
    const { engine } = start('receive');
    const poison = conversion({ attributes: { 'feature_flag.context.id': 'poison' } });
    const events = [conversion(), conversion(), poison, conversion()];
    expect(await engine.otlp.take({ events, unreadable: [] }, SENDER)).to.deep.equal(TAKEN);
    const { engine: delivering } = start('deliver');
    await until(() => delivering.projects()[0]?.ledger.dropped.rejected === 1);
    await counted(3);
    while ((await messagesLeft()) > 0);
  });

  it('gives back what it could not deliver, and another gateway delivers it', async () => {
    destination.answers = [() => 503];
    const { engine } = start('receive');
    await send(engine, 5);
    const { engine: dying } = start('deliver', {}, { drainTimeoutMillis: 200 });
    await until(() => destination.requests > 0);
    await dying.close();
    destination.answers = [];
    start('deliver');
    await counted(5);
    expect(countedEvents(destination)).to.have.length(5);
  });

  it('leaves a batch of another project in the stream, and says so', async () => {
    const { engine } = start('receive');
    await send(engine, 1);
    const { logger } = start('deliver', {}, { projectId: 'another' });
    await until(() => logger.at('warn').some(line => line.includes('project_id "project-1"')));
    expect(await messagesLeft()).to.equal(1);
  });
});
