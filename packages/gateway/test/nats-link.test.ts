// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { resolveStreamOptions } from '../src/jetstream/jetstream-options.js';
import { LinkLog } from '../src/jetstream/link-log.js';
import { NatsLink } from '../src/jetstream/nats-link.js';
import { until } from './support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';

describe('the link to NATS', () => {
  let server: NatsServer;
  let link: NatsLink;
  let runtime: ManualRuntime;
  let logger: RecordingLogger;

  beforeEach(async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    server = await NatsServer.start();
    runtime = new ManualRuntime();
    logger = new RecordingLogger();
    link = new NatsLink({
      connection: { servers: server.url },
      stream: resolveStreamOptions({}),
      log: new LinkLog(logger),
      name: 'test',
      connectTimeoutMillis: 5_000,
      runtime,
    });
  });

  afterEach(async () => {
    await server?.[Symbol.asyncDispose]();
    await link?.close();
  });

  it('ends though the server has fallen silent', async () => {
    const { connection } = await link.open();
    server.pause();
    const closed = link.close();
    await until(() => runtime.armed > 0);
    await runtime.advance(2_000);
    await closed;
    expect(connection.isClosed()).to.equal(true);
    expect(runtime.armed).to.equal(0);
  });

  it('ends at once where the server answers', async () => {
    const { connection } = await link.open();
    await link.close();
    expect(connection.isClosed()).to.equal(true);
    expect(runtime.armed).to.equal(0);
  });

  it('leaves no connection to a server that takes it and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const taken: Promise<unknown>[] = [];
    silent.on('connection', socket => taken.push(once(socket.resume(), 'close')));
    const { port } = silent.address() as AddressInfo;
    // Another connection of the process, made meanwhile, is none of its business.
    const own = createConnection({ host: '127.0.0.1', port });
    const pending = new NatsLink({
      connection: { servers: `127.0.0.1:${port}` },
      stream: resolveStreamOptions({}),
      log: new LinkLog(new RecordingLogger()),
      name: 'test',
      connectTimeoutMillis: 20,
      runtime,
    }).open();
    const error = await pending.catch(caught => caught);
    expect(error).to.be.an.instanceOf(Error);
    await until(() => taken.length === 2);
    await Promise.race(taken);
    expect(own.destroyed).to.equal(false);
    own.destroy();
    await Promise.all(taken);
    silent.close();
  });

  it('says that it has made the stream, and what a stream that was deleted means', async () => {
    const made = 'there was no stream "optimizely-events": it was made';
    const madeAnew = 'the stream "optimizely-events" was gone, with what it held, and was made anew';
    for (const warnings of [[], [madeAnew], [madeAnew, madeAnew]]) {
      const open = await link.open();
      expect([logger.at('info'), logger.at('warn')]).to.deep.equal([[made], warnings]);
      await open.manager.streams.delete('optimizely-events');
      link.abandon(open);
    }
    await link.open();
    const other = new RecordingLogger();
    const options = { stream: resolveStreamOptions({}), log: new LinkLog(other), runtime };
    const second = new NatsLink({
      ...options,
      connection: { servers: server.url },
      name: 'second',
      connectTimeoutMillis: 5_000,
    });
    await second.open();
    expect(other.lines, 'it was there').to.deep.equal([]);
    await second.close();
  });

  it('keeps the new connection when the old one is given up once more', async () => {
    const old = await link.open();
    link.abandon(old);
    const renewed = await link.open();
    expect(renewed).to.not.equal(old);
    link.abandon(old);
    expect(await link.open()).to.equal(renewed);
    expect(renewed.connection.isClosed()).to.equal(false);
  });
});
