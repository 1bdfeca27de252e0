// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createUser } from '@nats-io/nkeys';
import { expect } from 'chai';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { createJetStreamDispatcher, type JetStreamDispatcherOptions } from '../src/jetstream/index.js';
import { makeAuthority, makeCertificate, opensslVersion } from './support/certificates.js';
import { closeEngines, countedEvents, makeFolder, startDestination, until } from './support/engine.js';
import { makeJwtSetup } from './support/nats-jwt.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';
import { batchOf, RelayHarness } from './support/relay.js';

const SECRET = 's3cret-of-the-test';

describe('credentials for NATS', () => {
  const opened: AsyncDisposable[] = [];
  const opens = <T extends AsyncDisposable>(resource: T): T => {
    opened.push(resource);
    return resource;
  };
  let published = 0;

  beforeEach(function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
  });

  afterEach(async () => {
    for (const resource of opened.splice(0).reverse()) await resource[Symbol.asyncDispose]();
    await closeEngines();
  });

  const startServer = async (config?: string) => opens(await NatsServer.start(config));

  function makeDispatcher(servers: string, options: Partial<JetStreamDispatcherOptions> = {}) {
    const logger = new RecordingLogger();
    const dispatcher = createJetStreamDispatcher({ servers, logger, ...options });
    opens({ [Symbol.asyncDispose]: () => dispatcher.close() });
    /** @returns whether the stream has it, or what the dispatcher's caller learns */
    const publish = async () => {
      const body = batchOf([`user-${++published}`]);
      const logEvent = { httpVerb: 'POST', url: 'https://logx.optimizely.com/v1/events', headers: {}, body };
      try {
        return (await dispatcher.dispatchEvent(logEvent as never)).streamed ?? false;
      } catch (error) {
        return error;
      }
    };
    return { dispatcher, logger, publish };
  }

  /** The one line that is logged, which names what to look at and shows no secret. */
  async function expectRefused(
    server: NatsServer,
    options: Partial<JetStreamDispatcherOptions>,
    line: string,
  ) {
    const { publish, logger } = makeDispatcher(server.url, options);
    expect(await publish()).to.be.an.instanceOf(Error);
    expect(await publish()).to.be.an.instanceOf(Error);
    expect(logger.at('error')).to.have.length(1);
    expect(logger.at('error')[0]).to.contain(line);
    expect(JSON.stringify(logger.lines))
      .to.not.contain(SECRET)
      .and.to.not.match(/SU[A-Z2-7]{20}/);
  }

  describe('from a .creds file', () => {
    it('are shown', async () => {
      const { config, creds } = makeJwtSetup();
      const server = await startServer(config);
      const { publish } = makeDispatcher(server.url, { credsFile: server.file('gateway.creds', creds) });
      expect(await publish()).to.equal(true);
    });

    it('of an account that the server does not know are refused', async () => {
      const { config, strangerCreds } = makeJwtSetup();
      const server = await startServer(config);
      const credsFile = server.file('stranger.creds', strangerCreds);
      await expectRefused(server, { credsFile }, 'the server refuses the credentials: check credsFile');
    });

    for (const [kind, content] of [
      ['is something else', `hello ${SECRET}`],
      ['has no seed', '-----BEGIN NATS USER JWT-----\nabc\n------END NATS USER JWT------\n'],
    ] as const) {
      it(`are told of where it ${kind}`, async () => {
        const server = await startServer(makeJwtSetup().config);
        const credsFile = server.file('bad.creds', content);
        await expectRefused(server, { credsFile }, 'credsFile');
      });
    }
  });

  it('from an nkey file that is none are told of', async () => {
    const user = createUser();
    const server = await startServer(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    await expectRefused(server, { nkeyFile: server.file('nkey', SECRET) }, 'nkeyFile');
  });

  it('from an nkey file of another user are refused', async () => {
    const user = createUser();
    const server = await startServer(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
    const nkeyFile = server.file('nkey', new TextDecoder().decode(createUser().getSeed()));
    await expectRefused(server, { nkeyFile }, 'the server refuses the credentials: check nkeyFile');
  });

  it('of a user with another password are refused', async () => {
    const server = await startServer('authorization { user: shop, password: "other" }');
    const passwordFile = server.file('password', SECRET);
    await expectRefused(server, { user: 'shop', passwordFile }, 'check user and passwordFile');
  });

  it('that are absent are asked for', async () => {
    const server = await startServer('authorization { token: "other" }');
    await expectRefused(server, {}, 'check that one of user, tokenFile, nkeyFile, and credsFile is given');
  });

  it('from an empty file are told of', async () => {
    const server = await startServer('authorization { token: "other" }');
    await expectRefused(server, { tokenFile: server.file('token', '\n') }, 'tokenFile names an empty file');
  });

  it('are read again for each connection: a token is rotated without a restart', async () => {
    const server = await startServer('authorization { token: "old" }');
    const tokenFile = server.file('token', 'old\n');
    const { publish, logger } = makeDispatcher(server.url, { tokenFile, idleTimeoutMillis: 60_000 });
    expect(await publish()).to.equal(true);
    await server.kill();
    server.config = 'authorization { token: "new" }';
    await server.start();
    expect(await publish()).to.be.an.instanceOf(Error);
    server.file('token', 'new\n');
    while ((await publish()) !== true);
    expect(logger.at('info').at(-1)).to.contain('NATS can be used again');
  });

  describe('over TLS', () => {
    beforeEach(function () {
      if (opensslVersion() === undefined) skip(this as never, 'no OpenSSL to make certificates with');
    });

    /** A server whose certificate a private authority signed. */
    async function startTlsServer(more = '') {
      const folder = makeFolder();
      const authority = makeAuthority(folder, 'authority');
      const { certFile, keyFile } = makeCertificate(folder, 'server', authority);
      const config = `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${authority.certFile}" ${more} }`;
      return { server: await startServer(config), folder, authority };
    }

    it('accept a private authority', async () => {
      const { server, authority } = await startTlsServer();
      const { publish } = makeDispatcher(server.url, { tls: { caFile: authority.certFile } });
      expect(await publish()).to.equal(true);
    });

    it('do not accept a certificate of an authority that is not known', async () => {
      const { server, folder } = await startTlsServer();
      await expectRefused(server, {}, "the server's certificate is not trusted");
      const other = makeAuthority(folder, 'other');
      await expectRefused(server, { tls: { caFile: other.certFile } }, 'check tls.caFile');
    });

    it('show a client certificate', async () => {
      const { server, folder, authority } = await startTlsServer(', verify: true');
      const { certFile, keyFile } = makeCertificate(folder, 'client', authority);
      const tls = { caFile: authority.certFile, certFile, keyFile };
      expect(await makeDispatcher(server.url, { tls }).publish()).to.equal(true);
      const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'other'));
      const { certFile: wrongCert, keyFile: wrongKey } = stranger;
      for (const pair of [{}, { certFile: wrongCert, keyFile: wrongKey }]) {
        const { publish, logger } = makeDispatcher(server.url, {
          tls: { caFile: authority.certFile, ...pair },
        });
        expect(await publish()).to.be.an.instanceOf(Error);
        // By its alert, or by the end of the connection, whichever is read first.
        expect(logger.at('error')).to.have.length(1);
        expect(logger.at('error')[0]).to.contain('check tls.certFile and tls.keyFile');
      }
    });

    it('are told of where a file is not there, or is something else', async () => {
      const { server, authority } = await startTlsServer();
      await expectRefused(
        server,
        { tls: { caFile: '/nowhere/ca.pem' } },
        'tls.caFile cannot be read (ENOENT)',
      );
      const junk = server.file('junk.pem', SECRET);
      const { certFile, keyFile } = authority;
      await expectRefused(server, { tls: { caFile: certFile, certFile: junk, keyFile } }, 'tls.certFile');
      await expectRefused(server, { tls: { caFile: certFile, certFile, keyFile: junk } }, 'tls.keyFile');
    });

    it('are asked for by an address of the kind tls://, and never given to a server without TLS', async () => {
      const server = await startServer(`authorization { token: "${SECRET}" }`);
      const tokenFile = server.file('token', SECRET);
      const { publish, logger } = makeDispatcher(server.url.replace('nats://', 'tls://'), { tokenFile });
      expect(await publish()).to.be.an.instanceOf(Error);
      expect(logger.at('error')[0]).to.contain('tls');
    });

    it('belong together', () => {
      const tls = { certFile: 'client.pem' };
      expect(() => createJetStreamDispatcher({ servers: 'nats://127.0.0.1:1', tls })).to.throw(
        TypeError,
        'tls.certFile and tls.keyFile belong together',
      );
    });
  });

  describe('with few rights', () => {
    const inbox = 'subscribe: ["_INBOX.>"]';
    const users = (app: readonly string[], gateway: readonly string[]) => `authorization { users: [
      { user: admin, password: "${SECRET}" }
      { user: app, password: "${SECRET}", permissions: { publish: ${JSON.stringify(app)}, ${inbox} } }
      { user: gateway, password: "${SECRET}", permissions: { publish: ${JSON.stringify(gateway)}, ${inbox} } }
    ] }`;
    const APP = ['optimizely.events', '$JS.API.STREAM.INFO.optimizely-events'];
    const GATEWAY = [
      '$JS.API.STREAM.INFO.optimizely-events',
      '$JS.API.CONSUMER.INFO.optimizely-events.optimizely-event-gateway',
      '$JS.API.CONSUMER.MSG.NEXT.optimizely-events.optimizely-event-gateway',
      '$JS.ACK.optimizely-events.optimizely-event-gateway.>',
      'optimizely-events-parked',
      '$JS.API.STREAM.INFO.optimizely-events-parked',
      '$JS.API.STREAM.CREATE.optimizely-events-parked',
    ];

    /** The stream and the consumer, made by one who may. */
    async function prepare(server: NatsServer) {
      const destination = await startDestination();
      const relay = opens(new RelayHarness(server, destination, { user: 'admin', pass: SECRET }));
      const passwordFile = server.file('password', SECRET);
      const admin = relay.start('deliver', { user: 'admin', passwordFile });
      await until(() => admin.engine.stream?.() !== undefined);
      await admin.engine.close();
      return { destination, relay, passwordFile };
    }

    it('an application needs no more than two, a delivering gateway no more than seven', async () => {
      const server = await startServer(users(APP, GATEWAY));
      const { destination, relay, passwordFile } = await prepare(server);
      const { publish } = makeDispatcher(server.url, { user: 'app', passwordFile });
      expect(await publish()).to.equal(true);
      const { engine, logger } = relay.start('deliver', { user: 'gateway', passwordFile });
      await until(() => countedEvents(destination).length === 1);
      await relay.publish('no batch');
      await until(() => engine.stream?.()?.parked.get('unreadable') === 1);
      while ((await relay.messages()) > 0);
      expect(logger.at('error').filter(line => !line.includes('was parked'))).to.deep.equal([]);
    });

    for (const [who, missing] of [
      ['app', 'optimizely.events'],
      ['app', '$JS.API.STREAM.INFO.optimizely-events'],
    ] as const) {
      it(`without the one for ${missing} it is named`, async () => {
        const server = await startServer(
          users(
            APP.filter(right => right !== missing),
            GATEWAY,
          ),
        );
        const { passwordFile } = await prepare(server);
        const { publish, logger } = makeDispatcher(server.url, { user: who, passwordFile });
        const error = await publish();
        expect(error).to.be.an.instanceOf(Error);
        expect([(error as Error).message, ...logger.at('error')].join()).to.contain(missing);
      });
    }
  });

  it('that are refused are a warning of the process where there is no logger', async () => {
    const server = await startServer('authorization { token: "other" }');
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    const dispatcher = createJetStreamDispatcher({ servers: server.url });
    const logEvent = {
      httpVerb: 'POST',
      url: 'https://logx.optimizely.com/v1/events',
      headers: {},
      body: '{}',
    };
    expect(await dispatcher.dispatchEvent(logEvent as never).catch(error => error)).to.be.an.instanceOf(
      Error,
    );
    const [warning] = await warned;
    expect(warning.code).to.equal('OPTIMIZELY_STREAM_UNUSABLE');
    expect(warning.message).to.contain('the server refuses the credentials');
    await dispatcher.close();
  });

  it('of an account without JetStream are told of', async () => {
    const server = await startServer(`accounts { A: { users: [ { user: a, password: "${SECRET}" } ] } }`);
    const passwordFile = server.file('password', SECRET);
    await expectRefused(server, { user: 'a', passwordFile }, 'JetStream is not enabled');
  });
});
