// SPDX-License-Identifier: Apache-2.0
import { jetstreamManager } from '@nats-io/jetstream';
import { createUser } from '@nats-io/nkeys';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { expect } from 'chai';
import { NotificationCenter, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { createJetStreamDispatcher, type JetStreamDispatcherOptions } from '../src/jetstream/index.js';
import { describeOldServer } from '../src/jetstream/old-server.js';
import { drainStream } from './support/drain-stream.js';
import { freePort, NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';

/** How long a flush goes on trying what can't succeed, milliseconds. */
const UNTIL_GIVEN_UP = 500;

describe('createJetStreamDispatcher', () => {
  const opened: AsyncDisposable[] = [];
  const opens = <T extends AsyncDisposable>(resource: T): T => {
    opened.push(resource);
    return resource;
  };

  beforeEach(function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
  });

  afterEach(async () => {
    for (const resource of opened.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  });

  const startServer = async (config?: string) => opens(await NatsServer.start(config));

  /** A processor as an application has it, with this dispatcher. */
  function makeProcessor(
    servers: string,
    { flushMillis = 20_000, ...options }: Partial<JetStreamDispatcherOptions> & { flushMillis?: number } = {},
  ) {
    const logger = new RecordingLogger();
    const dispatcher = createJetStreamDispatcher({ servers, logger, ...options });
    const processor = opens(
      new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: dispatcher,
        batchSize: 1_000,
        timeoutIntervalMillis: flushMillis,
        retry: { initialDelayMillis: 5, maxDelayMillis: 20 },
        notificationCenter: new NotificationCenter({ logger }),
        logger,
      }),
    );
    opens({ [Symbol.asyncDispose]: () => dispatcher.close() });
    return { dispatcher, processor, logger };
  }

  const record = (processor: OptimizelySpanProcessor, count: number, tags?: Record<string, unknown>) => {
    for (let n = 0; n < count; n++) {
      processor.recordConversion({ userId: `user-${n}`, eventKey: 'purchase', ...(tags && { tags }) });
    }
  };

  async function connectTo(server: NatsServer): Promise<NatsConnection> {
    const connection = await connect({ servers: server.url });
    opens({ [Symbol.asyncDispose]: () => connection.close() });
    return connection;
  }

  const users = (count: number) => Array.from({ length: count }, (_, n) => `user-${n}`);

  it('delivers a batch as one message, with the address that it is for', async () => {
    const server = await startServer();
    const { processor } = makeProcessor(server.url);
    record(processor, 5);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 5, pending: 0 });
    const { users: sent, headers } = await drainStream(server);
    expect(sent).to.deep.equal(users(5));
    expect(headers).to.have.length(1);
    expect(headers[0]?.region).to.equal('US');
  });

  it('publishes without an id of NATS, by which the copies of a stream may come to differ', async () => {
    const server = await startServer();
    const { processor } = makeProcessor(server.url);
    record(processor, 1);
    await processor.forceFlush();
    expect((await drainStream(server)).headers.map(({ id }) => id)).to.deep.equal(['']);
  });

  it('makes the stream with an age and a size, and refuses rather than lose the oldest', async () => {
    const server = await startServer();
    const { processor } = makeProcessor(server.url, { maxAgeMillis: 3_600_000, maxBytes: 1_000_000 });
    record(processor, 1);
    await processor.forceFlush();
    const manager = await jetstreamManager(await connectTo(server));
    const { config } = await manager.streams.info('optimizely-events');
    expect(config).to.include({
      retention: 'workqueue',
      storage: 'file',
      discard: 'new',
      max_age: 3_600_000_000_000,
      max_bytes: 1_000_000,
    });
  });

  it('leaves limits of a stream that is there as they are', async () => {
    const server = await startServer();
    const manager = await jetstreamManager(await connectTo(server));
    await manager.streams.add({
      name: 'optimizely-events',
      subjects: ['optimizely.>'],
      retention: 'workqueue',
      discard: 'new',
      max_age: 60_000_000_000,
      max_bytes: 5_000_000,
    });
    const { processor } = makeProcessor(server.url);
    record(processor, 2);
    await processor.forceFlush();
    expect(processor.ledger().streamed).to.equal(2);
    const { config } = await manager.streams.info('optimizely-events');
    expect(config).to.include({ max_age: 60_000_000_000, max_bytes: 5_000_000 });
  });

  for (const [setting, config] of Object.entries({
    'retention is limits and must be workqueue': { retention: 'limits' },
    'storage is memory and must be file': { storage: 'memory' },
    'discard is old and must be new': { discard: 'old' },
    'max_age is not set': { max_age: 0 },
    'max_bytes is not set': { max_bytes: -1 },
    'subjects is other and must be with optimizely.events': { subjects: ['other'] },
  })) {
    it(`sends nothing to a stream that would lose events, and says why: ${setting}`, async () => {
      const server = await startServer();
      const manager = await jetstreamManager(await connectTo(server));
      await manager.streams.add({
        name: 'optimizely-events',
        subjects: ['optimizely.events'],
        retention: 'workqueue',
        discard: 'new',
        max_age: 60_000_000_000,
        max_bytes: 5_000_000,
        ...config,
      } as never);
      const { processor, logger } = makeProcessor(server.url, { flushMillis: UNTIL_GIVEN_UP });
      record(processor, 2);
      await processor.forceFlush();
      expect(processor.ledger()).to.include({ streamed: 0, pending: 2 });
      expect(logger.at('error').filter(line => line.includes(setting))).to.have.length(1);
    });
  }

  it('splits a batch that is larger than NATS takes', async () => {
    const server = await startServer('max_payload: 20000');
    const { processor } = makeProcessor(server.url);
    record(processor, 40, { note: 'x'.repeat(2_000) });
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 40, pending: 0 });
    const { users: sent, headers } = await drainStream(server);
    expect(sent).to.have.members(users(40));
    expect(headers).to.have.length.above(4);
  });

  it('keeps events while the stream is full', async () => {
    const server = await startServer();
    const { processor } = makeProcessor(server.url, { maxBytes: 30_000, flushMillis: UNTIL_GIVEN_UP });
    record(processor, 10, { note: 'x'.repeat(2_000) });
    await processor.forceFlush();
    record(processor, 10, { note: 'x'.repeat(2_000) });
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 10, pending: 10 });
    await drainStream(server);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 20, pending: 0 });
  });

  it('loses nothing while the server is killed and comes back, and publishes nothing twice that it knows of', async () => {
    const server = await startServer();
    const { processor, logger } = makeProcessor(server.url, {
      publishTimeoutMillis: 500,
      flushMillis: UNTIL_GIVEN_UP,
    });
    record(processor, 10);
    await processor.forceFlush();
    await server.kill();
    for (let n = 10; n < 20; n++) processor.recordConversion({ userId: `user-${n}`, eventKey: 'purchase' });
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 10, pending: 10 });
    expect(logger.at('error').filter(line => line.startsWith('NATS cannot be used'))).to.have.length(1);
    const failing = logger.at('warn').filter(line => line.startsWith('delivery to'));
    expect(failing).to.have.length(1);
    expect(failing[0]).to.match(
      /^delivery to the NATS stream "optimizely-events" fails: \w+( \w+)?; events are kept/,
    );
    await server.start();
    while (processor.ledger().pending > 0) await processor.forceFlush();
    expect((await drainStream(server)).users).to.have.members(users(20));
  });

  it('goes on with a cluster of which one server is killed', async () => {
    const routes = [await freePort(), await freePort(), await freePort()];
    const all = routes.map(port => `nats://127.0.0.1:${port}`).join(', ');
    const servers = await Promise.all(
      routes.map((port, n) =>
        startServer(`server_name: n${n}\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [${all}] }`),
      ),
    );
    const { processor, logger } = makeProcessor(servers.map(({ url }) => url).join(','), {
      replicas: 3,
      publishTimeoutMillis: 1_000,
    });
    record(processor, 10);
    // Until the cluster has elected who makes the stream.
    while (processor.ledger().pending > 0) await processor.forceFlush();
    await servers[0]?.kill();
    for (let n = 10; n < 20; n++) processor.recordConversion({ userId: `user-${n}`, eventKey: 'purchase' });
    while (processor.ledger().pending > 0) await processor.forceFlush();
    const sent = (await drainStream(servers[1] as NatsServer)).users;
    expect(new Set(sent)).to.deep.equal(new Set(users(20)));
    const warnings = logger.lines.filter(({ message }) => /loses acknowledged events/.test(message));
    const isOld = describeOldServer(String(NATS_VERSION), 3) !== undefined;
    expect(
      warnings.map(({ level }) => level),
      'once, of old servers',
    ).to.deep.equal(isOld ? ['warn'] : []);
  });

  it('loses nothing where a fleet loses its server together, again and again', async () => {
    const server = await startServer();
    const fleet = Array.from({ length: 25 }, () => makeProcessor(server.url, { publishTimeoutMillis: 500 }));
    const isDone = () => fleet.every(({ processor }) => processor.ledger().pending === 0);
    for (let round = 1; round <= 3; round++) {
      for (const { processor } of fleet) record(processor, 4);
      const flushed = Promise.all(fleet.map(({ processor }) => processor.forceFlush()));
      await server.kill();
      await server.start();
      await flushed;
      while (!isDone()) await Promise.all(fleet.map(({ processor }) => processor.forceFlush()));
      for (const { processor } of fleet) expect(processor.ledger()).to.include({ streamed: 4 * round });
    }
    expect((await drainStream(server)).users.length).to.be.at.least(25 * 12);
  });

  it('keeps events while the account has no storage left', async () => {
    const server = await startServer(
      'accounts { A { users: [{ user: a, password: b }], jetstream { max_store: 1000000 } } }\nno_auth_user: a',
    );
    const limits = { maxBytes: 900_000, flushMillis: UNTIL_GIVEN_UP };
    const { processor } = makeProcessor(server.url, limits);
    record(processor, 1);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 1, pending: 0 });
    const other = makeProcessor(server.url, { ...limits, stream: 'other', subject: 'other' });
    record(other.processor, 1);
    await other.processor.forceFlush();
    expect(other.processor.ledger()).to.include({ streamed: 0, pending: 1 });
    expect(other.logger.at('error').some(line => /storage|resources/.test(line))).to.equal(true);
  });

  it('gives up at once what the processor gives up', async () => {
    const server = await startServer();
    const { dispatcher } = makeProcessor(server.url);
    const logEvent = {
      httpVerb: 'POST',
      url: 'https://logx.optimizely.com/v1/events',
      headers: {},
      body: '{}',
    };
    const reason = new Error('given up');
    if (server.pid !== undefined) process.kill(server.pid, 'SIGSTOP');
    const controller = new AbortController();
    const answer = dispatcher.dispatchEvent(logEvent as never, { signal: controller.signal });
    controller.abort(reason);
    expect(await answer.catch(error => error)).to.equal(reason);
    if (server.pid !== undefined) process.kill(server.pid, 'SIGCONT');
  });

  it('lets go of the connection when no batch has come for a while, and makes a new one for the next', async () => {
    const monitor = await freePort();
    const server = await startServer(`http: 127.0.0.1:${monitor}`);
    const connections = async () => {
      const answer = await fetch(`http://127.0.0.1:${monitor}/connz`);
      return ((await answer.json()) as { num_connections: number }).num_connections;
    };
    const { processor } = makeProcessor(server.url, { idleTimeoutMillis: 1 });
    for (let batch = 1; batch <= 2; batch++) {
      record(processor, 1);
      await processor.forceFlush();
      expect(processor.ledger().streamed).to.equal(batch);
      while ((await connections()) > 0) await new Promise(setImmediate);
    }
  });

  describe('credentials', () => {
    it('are taken from a token file', async () => {
      const server = await startServer('authorization { token: "s3cret" }');
      await delivers(server, { tokenFile: server.file('token', 's3cret\n') });
    });

    it('are taken from a user and a password file', async () => {
      const server = await startServer('authorization { user: shop, password: "s3cret" }');
      await delivers(server, { user: 'shop', passwordFile: server.file('password', 's3cret') });
    });

    it('are taken from an nkey file', async () => {
      const user = createUser();
      const server = await startServer(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
      await delivers(server, { nkeyFile: server.file('nkey', new TextDecoder().decode(user.getSeed())) });
    });

    it('that are wrong are said, without what is in the file', async () => {
      const server = await startServer('authorization { token: "s3cret" }');
      const { processor, logger } = makeProcessor(server.url, {
        tokenFile: server.file('token', 'gue55ed'),
        flushMillis: UNTIL_GIVEN_UP,
      });
      record(processor, 1);
      await processor.forceFlush();
      expect(processor.ledger()).to.include({ streamed: 0, pending: 1 });
      expect(logger.at('error')).to.have.length(1);
      expect(logger.at('error')[0]).to.contain('the server refuses the credentials: check tokenFile');
      expect(JSON.stringify(logger.lines)).to.not.contain('gue55ed');
    });

    it('that are absent are said by the name of the option', async () => {
      const server = await startServer('authorization { token: "s3cret" }');
      const { processor, logger } = makeProcessor(server.url, {
        tokenFile: '/nowhere/token',
        flushMillis: UNTIL_GIVEN_UP,
      });
      record(processor, 1);
      await processor.forceFlush();
      expect(
        logger.at('error').some(line => line.includes('tokenFile cannot be read (ENOENT): /nowhere/token')),
      ).to.equal(true);
    });

    async function delivers(server: NatsServer, options: Partial<JetStreamDispatcherOptions>): Promise<void> {
      const { processor } = makeProcessor(server.url, options);
      record(processor, 1);
      await processor.forceFlush();
      expect(processor.ledger()).to.include({ streamed: 1, pending: 0 });
    }
  });

  describe('options that cannot be used', () => {
    const servers = 'nats://127.0.0.1:4222';
    for (const [message, options] of [
      ['servers must name a NATS server', { servers: '' }],
      ['must not hold credentials', { servers: 'nats://user:password@127.0.0.1:4222' }],
      ['exclude each other', { servers, tokenFile: 'a', nkeyFile: 'b' }],
      ['belong together', { servers, user: 'shop' }],
      ['stream must be letters', { servers, stream: 'a.b' }],
      ['subject must be words', { servers, subject: 'a.>' }],
      ['maxBytes must be a positive integer', { servers, maxBytes: -1 }],
      ['maxAgeMillis must be a positive integer', { servers, maxAgeMillis: 0 }],
      ['replicas must be 1, 3 or 5', { servers, replicas: 2 }],
      ['publishTimeoutMillis must be a positive number', { servers, publishTimeoutMillis: Number.NaN }],
    ] as const) {
      it(`are a TypeError: ${message}`, () => {
        expect(() => createJetStreamDispatcher(options)).to.throw(TypeError, message);
      });
    }
  });
});
