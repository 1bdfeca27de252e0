// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DatafileCache,
  type EventDispatcherResponse,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  PollingProjectConfigManager,
  type PollingProjectConfigManagerOptions,
  type ProjectConfigManager,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { Agent, MockAgent } from 'undici';
import { Child, killLeftovers } from './support/child.js';
import { makeDatafile } from './support/datafile.js';
import {
  cutShort,
  endless,
  held,
  redirect,
  revision,
  send,
  startDatafileServer,
  startProxy,
  watchPolls,
} from './support/datafile-server.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { type Behavior, hang, hangUp, reset } from './support/hostile-server.js';
import { useInstrumentation } from './support/instrumentation.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

/** Of one request; unlike any other delay, so that polls can be told apart. */
const REQUEST_TIMEOUT = 7_777;
const INTERVAL = 300_000;
const TOKEN = 'secret-token';
const CONVERSION = { userId: 'visitor', eventKey: 'purchase' };
const HIGHEST_RANDOM = 1 - 2 ** -53;

const opened: (() => unknown)[] = [];

async function open(...script: Behavior[]) {
  const server = await startDatafileServer(...script);
  opened.push(() => server.close());
  return server;
}

function makePolling(
  server: { urlTemplate: string } | undefined,
  options: Partial<PollingProjectConfigManagerOptions> = {},
) {
  const runtime = new ManualRuntime();
  const { requestTimeoutMillis = REQUEST_TIMEOUT } = options;
  const polls = watchPolls(runtime, requestTimeoutMillis);
  const logger = new RecordingLogger();
  const manager = new PollingProjectConfigManager({
    sdkKey: 'key',
    urlTemplate: server?.urlTemplate,
    requestTimeoutMillis,
    logger,
    runtime: polls.runtime,
    ...options,
  });
  opened.push(() => manager.stop());
  const revisionInForce = () => manager.getConfig()?.context.revision;
  return { manager, runtime, polls, logger, revisionInForce };
}

function makeProcessing(
  server: { urlTemplate: string },
  managerOptions: Partial<PollingProjectConfigManagerOptions> = {},
  options: Partial<OptimizelySpanProcessorOptions> = {},
) {
  const polling = makePolling(server, managerOptions);
  const { runtime, logger, manager } = polling;
  const dispatcher = new RecordingDispatcher();
  const notificationCenter = new NotificationCenter();
  const [causes, updates]: [string[], string[]] = [[], []];
  notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, (_logEvent, { cause }) =>
    causes.push(cause),
  );
  notificationCenter.addNotificationListener(NotificationType.OPTIMIZELY_CONFIG_UPDATE, update =>
    updates.push(update.revision),
  );
  const processor = new OptimizelySpanProcessor({
    projectConfigManager: manager,
    eventDispatcher: dispatcher,
    notificationCenter,
    logger,
    runtime,
    ...options,
  });
  opened.push(async () => {
    await manager.stop();
    const closed = processor.shutdown();
    await runtime.advance(10_000);
    await closed;
  });
  return { ...polling, processor, dispatcher, causes, updates };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await settle();
  return settled;
}

class MemoryCache implements DatafileCache {
  readonly entries = new Map<string, string>();
  readonly written: string[] = [];
  readonly #atStart: string | undefined;
  reads = 0;

  constructor(atStart?: string) {
    this.#atStart = atStart;
  }

  get(key: string): string | undefined {
    this.reads++;
    return this.entries.get(key) ?? this.#atStart;
  }

  set(key: string, datafile: string): void {
    this.entries.set(key, datafile);
    this.written.push((JSON.parse(datafile) as { revision: string }).revision);
  }
}

/** What an answer may begin with. */
const BEGUN: [Record<string, string>, string] = [{}, '{"version"'];
const BEGUN_GZIP: [Record<string, string>, Buffer] = [
  { 'Content-Encoding': 'gzip' },
  gzipSync(JSON.stringify(makeDatafile())).subarray(0, 100),
];

const textOf = (name: string) => JSON.stringify(makeDatafile({ revision: name }));

describe('polling', () => {
  const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
  const environment = new Map<string, string | undefined>();

  beforeEach(() => {
    for (const name of PROXIES) {
      environment.set(name, process.env[name]);
      delete process.env[name];
    }
  });

  afterEach(async () => {
    for (const [name, value] of environment) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    killLeftovers();
    await Promise.all(opened.splice(0).map(close => close()));
  });

  describe('where it asks', () => {
    function makeMocked(options: Partial<PollingProjectConfigManagerOptions>, origin: string, path: string) {
      const agent = new MockAgent();
      agent.disableNetConnect();
      opened.push(() => agent.close());
      const seen: Record<string, string>[] = [];
      agent
        .get(origin)
        .intercept({ path, method: 'GET' })
        .reply(200, ({ headers }) => {
          seen.push(headers as Record<string, string>);
          return makeDatafile();
        });
      return { seen, ...makePolling(undefined, { dispatcher: agent, ...options }) };
    }

    it("is the public CDN's URL of the SDK key", async () => {
      const { manager, seen } = makeMocked({}, 'https://cdn.optimizely.com', '/datafiles/key.json');
      expect(await manager.onReady()).to.equal(true);
      expect(seen).to.have.length(1);
      expect(seen[0]).not.to.have.any.keys('authorization', 'Authorization');
    });

    it('is the authenticated URL with a bearer token where there is one', async () => {
      const { manager, seen } = makeMocked(
        { datafileAccessToken: TOKEN },
        'https://config.optimizely.com',
        '/datafiles/auth/key.json',
      );
      expect(await manager.onReady()).to.equal(true);
      expect(seen[0]?.authorization).to.equal(`Bearer ${TOKEN}`);
    });

    it('keeps the SDK key inside its place in the path', async () => {
      const { manager } = makeMocked(
        { sdkKey: "../a?b#c/$&$'" },
        'https://cdn.optimizely.com',
        "/datafiles/..%2Fa%3Fb%23c%2F%24%26%24'.json",
      );
      expect(await manager.onReady()).to.equal(true);
    });

    for (const template of ['/of/%s.json', '/of/{sdkKey}.json', '/of/{sdkKey}.json?and=%s', '/fixed.json']) {
      it(`is urlTemplate, with the SDK key filled in: ${template}`, async () => {
        const server = await open(revision('7'));
        const { manager } = makePolling({ urlTemplate: `${server.origin}${template}` });
        expect(await manager.onReady()).to.equal(true);
        expect(server.requests[0]?.method).to.equal('GET');
        expect(server.requests[0]?.url).to.equal(template.replace(/%s|{sdkKey}/g, 'key'));
      });
    }

    it('is urlTemplate with the token and the custom headers too', async () => {
      const server = await open(revision('7'));
      const { polls } = makePolling(server, {
        datafileAccessToken: TOKEN,
        customHeaders: { 'X-Team': 'checkout' },
      });
      await polls.scheduled(1);
      await polls.next();
      for (const { headers } of server.requests) {
        expect(headers).to.include({ authorization: `Bearer ${TOKEN}`, 'x-team': 'checkout' });
      }
    });

    it('is reached through the proxy of the environment, which does not see the token', async () => {
      const [server, proxy] = [await open(revision('7')), await startProxy()];
      opened.push(() => proxy.close());
      process.env.HTTP_PROXY = proxy.url;
      const { manager } = makePolling(server, { datafileAccessToken: TOKEN });
      expect(await manager.onReady()).to.equal(true);
      expect(proxy.asked.map(({ target }) => target)).to.deep.equal([new URL(server.origin).host]);
      expect(JSON.stringify(proxy.asked)).not.to.include(TOKEN);
      process.env.NO_PROXY = '127.0.0.1';
      expect(await makePolling(server).manager.onReady()).to.equal(true);
      expect(proxy.asked).to.have.length(1);
    });

    it('is named where it fails, with the proxy on the way, without credentials, query and token', async () => {
      process.env.HTTP_PROXY = 'http://user:secret@127.0.0.1:9';
      const urlTemplate = 'http://user:secret@datafiles.test/%s.json?secret';
      const { polls, logger } = makePolling({ urlTemplate }, { datafileAccessToken: TOKEN });
      await polls.scheduled(1);
      expect(logger.at('warn')).to.deep.equal([
        'the datafile of sdkKey "key" could not be fetched: Error ECONNREFUSED at http://datafiles.test/key.json ' +
          'through the proxy 127.0.0.1:9 of HTTP_PROXY; it is tried again',
      ]);
    });

    it('is looked up again where the proxy of the environment was nonsense', async () => {
      const server = await open(revision('7'));
      process.env.HTTP_PROXY = 'http://secret:secret@[nonsense';
      const { polls, logger, revisionInForce } = makePolling(server);
      await polls.scheduled(1);
      expect(logger.at('warn')).to.have.length(1);
      delete process.env.HTTP_PROXY;
      await polls.next();
      expect(revisionInForce()).to.equal('7');
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('is the public CDN with an sdkKey alone on the processor', async () => {
      const proxy = await startProxy();
      opened.push(() => proxy.close());
      process.env.HTTPS_PROXY = proxy.url;
      const [runtime, logger] = [new ManualRuntime(), new RecordingLogger()];
      const processor = new OptimizelySpanProcessor({ sdkKey: 'key', runtime, logger });
      opened.push(() => processor.shutdown());
      await proxy.requested();
      expect(proxy.asked[0]?.target).to.equal('cdn.optimizely.com:443');
      while (logger.at('warn').length === 0) await settle();
      expect(logger.at('warn')).to.have.length(1);
      // The next request, and the word that there is none yet.
      expect(runtime).to.include({ armed: 2, referenced: 0 });
      await processor.shutdown();
      expect(runtime.armed).to.equal(0);
    });
  });

  describe('redirects', () => {
    const SECRETS = { datafileAccessToken: TOKEN, customHeaders: { 'X-Key': 'secret-header' } };

    for (const status of [301, 302, 303, 307, 308]) {
      it(`are followed at the same origin, with all headers: ${status}`, async () => {
        const server = await open(redirect('/moved.json', status), revision('7'));
        const { manager } = makePolling(server, SECRETS);
        expect(await manager.onReady()).to.equal(true);
        expect(server.requests.map(({ url }) => url)).to.deep.equal(['/datafiles/key.json', '/moved.json']);
        expect(server.requests[1]?.headers).to.include({
          authorization: `Bearer ${TOKEN}`,
          'x-key': 'secret-header',
        });
      });
    }

    it('to another origin carry neither the token nor custom headers, there and from there on', async () => {
      const other = await open(
        redirect('/again'),
        revision('7', { etag: '"7"' }),
        redirect('/again'),
        revision('8'),
      );
      const server = await open(redirect(`${other.origin}/elsewhere`));
      const { manager, polls, revisionInForce } = makePolling(server, SECRETS);
      expect(await manager.onReady()).to.equal(true);
      await polls.next();
      expect(revisionInForce()).to.equal('8');
      expect(server.requests).to.have.length(2);
      expect(other.requests.map(({ url }) => url)).to.deep.equal([
        '/elsewhere',
        '/again',
        '/elsewhere',
        '/again',
      ]);
      for (const { headers } of other.requests) {
        expect(headers).not.to.have.any.keys('authorization', 'x-key', 'cookie');
        expect(JSON.stringify(headers)).not.to.include('secret');
      }
    });

    it('to another host name of the same server are to another origin', async () => {
      const server = await open(
        (response, request) =>
          redirect(`http://localhost:${request.headers.host?.split(':')[1]}/x`)(response, request),
        revision('7'),
      );
      const { polls } = makePolling(server, SECRETS);
      await polls.scheduled(1);
      expect(server.requests).to.have.length(2);
      expect(JSON.stringify(server.requests[1]?.headers)).not.to.include('secret');
    });

    it('in a loop end soon, as a failure', async () => {
      const server = await open(redirect('/datafiles/key.json'));
      const { polls, logger, manager } = makePolling(server);
      expect(await polls.scheduled(1)).to.be.below(1_001);
      expect(server.requests.length).to.be.within(2, 21);
      // The next request may leave before the last answer's connection is free again.
      expect(new Set(server.requests.map(({ remotePort }) => remotePort)).size, 'connections').to.be.below(3);
      expect(logger.at('warn')).to.have.length(1).and.property('0').include('status 302');
      expect(manager.getConfig()).to.equal(undefined);
    });

    for (const [name, location] of [
      ['from https to http', 'http://cdn.optimizely.com/datafiles/key.json'],
      ['to what is no URL', 'https://['],
      ['to another protocol', 'data:application/json,{}'],
      ['to nowhere', undefined],
    ] as const) {
      it(`are not followed ${name}`, async () => {
        const agent = new MockAgent();
        agent.disableNetConnect();
        opened.push(() => agent.close());
        agent
          .get('https://cdn.optimizely.com')
          .intercept({ path: '/datafiles/key.json' })
          .reply(302, '', { headers: location === undefined ? {} : { location } });
        const { polls, logger } = makePolling(undefined, { dispatcher: agent });
        await polls.scheduled(1);
        expect(logger.at('warn')).to.have.length(1).and.property('0').include('status 302');
      });
    }
  });

  describe('conditional requests', () => {
    it('send back ETag and Last-Modified; 304 leaves the datafile in force', async () => {
      const lastModified = 'Tue, 14 Nov 2023 22:13:20 GMT';
      const server = await open(revision('7', { etag: '"seven"', lastModified }));
      const { manager, polls, logger, revisionInForce } = makePolling(server);
      let updates = 0;
      manager.onUpdate(() => updates++);
      await polls.scheduled(1);
      expect(server.requests[0]?.headers).not.to.have.any.keys('if-none-match', 'if-modified-since');
      const config = manager.getConfig();
      for (let n = 0; n < 2; n++) expect(await polls.next()).to.equal(INTERVAL);
      for (const { headers } of server.requests.slice(1)) {
        expect(headers).to.include({ 'if-none-match': '"seven"', 'if-modified-since': lastModified });
      }
      expect(manager.getConfig(), 'the very same').to.equal(config);
      expect(updates).to.equal(1);
      server.follow(revision('8', { etag: '"eight"' }));
      await polls.next();
      expect(revisionInForce()).to.equal('8');
      await polls.next();
      const { headers } = server.requests.at(-1) ?? {};
      expect(headers).to.include({ 'if-none-match': '"eight"' });
      expect(headers).not.to.have.any.keys('if-modified-since');
      expect(updates).to.equal(2);
      expect(logger.lines).to.deep.equal([]);
    });

    it('work with Last-Modified alone', async () => {
      const lastModified = 'Tue, 14 Nov 2023 22:13:20 GMT';
      const server = await open(revision('7', { lastModified }));
      const { polls } = makePolling(server);
      await polls.scheduled(1);
      await polls.next();
      expect(server.requests[1]?.headers).to.include({ 'if-modified-since': lastModified });
      expect(server.requests[1]?.headers).not.to.have.any.keys('if-none-match');
    });

    it('do not count what could not be used as known', async () => {
      const server = await open(revision('8', { etag: '"bad"', members: { version: '99' } }));
      const { polls, manager } = makePolling(server);
      await polls.scheduled(1);
      await polls.next();
      expect(server.requests[1]?.headers).not.to.have.any.keys('if-none-match');
      expect(manager.getConfig()).to.equal(undefined);
    });

    it('keep what is known over errors', async () => {
      const server = await open(revision('7', { etag: '"7"' }), send(500, { ETag: '"error"' }), reset);
      const { polls } = makePolling(server);
      await polls.scheduled(1);
      for (let n = 0; n < 3; n++) await polls.next();
      for (const { headers } of server.requests.slice(1)) {
        expect(headers).to.include({ 'if-none-match': '"7"' });
      }
    });
  });

  describe('when it asks', () => {
    it('is at once, then an interval later, give or take a tenth', async () => {
      const server = await open(revision('7', { etag: '"7"' }));
      const { polls, runtime } = makePolling(server);
      await polls.scheduled(1);
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0, max: HIGHEST_RANDOM, noNaN: true }), async random => {
          runtime.randomValue = random;
          const delay = await polls.next();
          expect(delay).to.be.within(INTERVAL * 0.9, INTERVAL * 1.1);
          expect(delay).to.be.closeTo(INTERVAL * (0.9 + random * 0.2), 0.001);
        }),
        { numRuns: 40, examples: [[0], [0.5], [HIGHEST_RANDOM]] },
      );
      expect(server.requests.length).to.equal(polls.count);
    });

    it('follows updateIntervalMillis', async () => {
      const server = await open(revision('7'));
      const { polls, logger } = makePolling(server, { updateIntervalMillis: 30_000 });
      expect(await polls.scheduled(1)).to.equal(30_000);
      expect(logger.lines).to.deep.equal([]);
    });

    it('is warned about below 30 s, once', async () => {
      const server = await open(revision('7'));
      const { polls, logger } = makePolling(server, { updateIntervalMillis: 29_999 });
      expect(await polls.scheduled(1)).to.equal(29_999);
      await polls.next();
      expect(logger.at('warn')).to.have.length(1).and.property('0').include('updateIntervalMillis is 29999');
    });

    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60000', true, null, {}]) {
      it(`is the default interval where updateIntervalMillis is none: ${String(wrong)}`, async () => {
        const server = await open(revision('7'));
        const { polls, logger } = makePolling(server, { updateIntervalMillis: wrong as number });
        expect(await polls.scheduled(1)).to.equal(INTERVAL);
        expect(logger.lines).to.have.length(1);
        expect(logger.at('info')[0]).to.include('updateIntervalMillis must be a positive number');
      });
    }

    it('backs off after errors, from a second to the interval, and begins anew after a success', async () => {
      const trouble: Behavior[] = [send(500, {}), send(503, {}), reset, hangUp, send(401, {})];
      const script = [...trouble, send(404, {}), send(400, {}), send(502, {}), revision('7'), send(500, {})];
      const server = await open(...script);
      const { polls, runtime } = makePolling(server, { updateIntervalMillis: 60_000 });
      runtime.randomValue = HIGHEST_RANDOM;
      const delays = [await polls.scheduled(1)];
      for (let n = 1; n < 11; n++) delays.push(Math.round(await polls.next()));
      const seconds = delays.map(delay => Math.round(delay) / 1_000);
      expect(seconds).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 66, 1, 2]);
    });

    it('spreads the retries of a fleet over the second half of each step', async () => {
      const server = await open(send(503, {}));
      const { polls, runtime } = makePolling(server);
      const [low, middle, high] = [0, 0.5, HIGHEST_RANDOM];
      await polls.scheduled(1);
      const delays: number[] = [];
      for (const random of [low, middle, high]) {
        runtime.randomValue = random;
        delays.push(Math.round(await polls.next()));
      }
      expect(delays).to.deep.equal([1_000, 3_000, 8_000]);
    });

    it('says again every hour that the datafile cannot be fetched', async () => {
      const server = await open(revision('7'), send(500, {}));
      const { polls, logger, runtime } = makePolling(server);
      await polls.scheduled(1);
      const until = runtime.monotonic() + 3 * 3_600_000;
      while (runtime.monotonic() < until) await polls.next();
      expect(logger.at('warn')).to.have.length(3);
      expect(new Set(logger.at('warn')).size).to.equal(1);
    });

    it('has the process hear, without a logger, of a key that is revoked while it runs', async () => {
      const warnings: (Error & { code?: string })[] = [];
      const hear = (warning: Error) => warnings.push(warning);
      process.on('warning', hear);
      opened.push(() => process.off('warning', hear));
      for (const [status, isHeard] of [
        [500, false],
        [403, true],
      ] as const) {
        const server = await open(revision('7'), send(status, {}));
        const { polls } = makePolling(server, { logger: undefined, sdkKey: 'revoked' });
        await polls.scheduled(1);
        await polls.next();
        await new Promise(resolve => setImmediate(resolve));
        expect(warnings.map(({ code }) => code)).to.deep.equal(isHeard ? ['OPTIMIZELY_NO_DATAFILE'] : []);
      }
      expect(warnings[0]?.message)
        .to.include('of sdkKey "revoked" could not be fetched: status 403 at ')
        .and.to.match(/the one before it stays in force$/);
    });

    it('backs off to the interval at most while the datafile is bad, and recovers', async () => {
      const server = await open(send(200, {}, '{"nonsense'));
      const { polls, runtime, revisionInForce } = makePolling(server, { updateIntervalMillis: 30_000 });
      runtime.randomValue = HIGHEST_RANDOM;
      const delays = [await polls.scheduled(1)];
      for (let n = 1; n < 7; n++) delays.push(await polls.next());
      expect(delays.map(delay => Math.round(delay) / 1_000)).to.deep.equal([1, 2, 4, 8, 16, 30, 30]);
      server.follow(revision('7'));
      await polls.next();
      expect(revisionInForce()).to.equal('7');
    });

    const DATE = new Date(1_700_000_000_000 + 90_000).toUTCString();
    for (const { header, delay, status = 429 } of [
      { header: '120', delay: 120_000 },
      { header: '120', delay: 120_000, status: 503 },
      { header: '0', delay: 750 },
      { header: 'soon', delay: 750 },
      { header: DATE, delay: 90_000 },
      { header: new Date(1_600_000_000_000).toUTCString(), delay: 750 },
      { header: '999999999', delay: 3_600_000 },
    ]) {
      it(`takes Retry-After as a floor: ${status}, ${header}`, async () => {
        const server = await open(send(status, { 'Retry-After': header }), send(503, { 'Retry-After': '1' }));
        const { polls } = makePolling(server, { updateIntervalMillis: 60_000 });
        expect(await polls.scheduled(1)).to.equal(delay);
        expect(await polls.next(), 'of that answer only, and no ceiling').to.equal(1_500);
      });
    }
  });

  describe('bodies', () => {
    const LIMIT = 100_000;
    const valid = textOf('8');
    const bloated = valid + ' '.repeat(LIMIT);
    const bomb = Buffer.concat([
      gzipSync(valid),
      ...Array(200).fill(gzipSync(Buffer.alloc(10_000_000, ' '))),
    ]);

    it('are asked for as gzip, and unpacked', async () => {
      const server = await open(revision('7', { gzip: true }));
      const { manager, revisionInForce } = makePolling(server);
      expect(await manager.onReady()).to.equal(true);
      expect(server.requests[0]?.headers['accept-encoding']).to.equal('gzip');
      expect(revisionInForce()).to.equal('7');
    });

    it('keep what is not ASCII, across chunks', async () => {
      const text = JSON.stringify(makeDatafile({ accountId: 'ü'.repeat(50_001) }));
      const server = await open(response => {
        const bytes = Buffer.from(text);
        response.writeHead(200).write(bytes.subarray(0, 40_000), () => response.end(bytes.subarray(40_000)));
      });
      const { manager } = makePolling(server);
      expect(await manager.onReady()).to.equal(true);
      expect(manager.getConfig()?.context.accountId).to.equal('ü'.repeat(50_001));
    });

    it('of maxDatafileBytes are taken, plain and unpacked', async () => {
      const exact = valid.padEnd(LIMIT);
      const server = await open(
        send(200, {}, exact),
        send(200, { 'Content-Encoding': 'GZIP' }, gzipSync(textOf('9').padEnd(LIMIT))),
      );
      const { polls, revisionInForce } = makePolling(server, { maxDatafileBytes: LIMIT });
      await polls.scheduled(1);
      expect(revisionInForce()).to.equal('8');
      await polls.next();
      expect(revisionInForce()).to.equal('9');
    });

    const gzipped = { 'Content-Encoding': 'gzip' };
    for (const [name, behavior, label, isLogged = 'warn'] of [
      ['larger than maxDatafileBytes', send(200, {}, bloated), 'DATAFILE_TOO_LARGE'],
      ['larger once unpacked', send(200, gzipped, gzipSync(bloated)), 'DATAFILE_TOO_LARGE'],
      ['a gzip bomb of two gigabytes', send(200, gzipped, bomb), 'DATAFILE_TOO_LARGE'],
      ['shorter than their Content-Length', cutShort(valid, 'content-length'), 'fetched: '],
      ['cut in the middle of chunks', cutShort(valid, 'chunked'), 'fetched: '],
      ['cut gzip', send(200, gzipped, gzipSync(valid).subarray(0, 100)), 'Z_BUF_ERROR'],
      ['no gzip though they say so', send(200, gzipped, valid), 'Z_DATA_ERROR'],
      [
        'of an encoding that was not asked for',
        send(200, { 'Content-Encoding': 'br' }, gzipSync(valid)),
        'fetched: ',
      ],
      ['empty', send(200, {}, ''), 'not valid JSON', 'error'],
      ['no JSON', send(200, {}, valid.slice(0, -1)), 'not valid JSON', 'error'],
      ['a page of a captive portal', send(200, {}, '<html>'), 'not valid JSON', 'error'],
      ['of an unknown version', revision('8', { members: { version: '99' } }), 'version', 'error'],
      ['of success but not 200', send(203, {}, valid), 'status 203'],
    ] as const) {
      it(`leave the datafile before them in force: ${name}`, async () => {
        const server = await open(revision('7', { etag: '"7"' }), behavior, revision('9'));
        const { polls, logger, manager, revisionInForce } = makePolling(server, { maxDatafileBytes: LIMIT });
        await polls.scheduled(1);
        const config = manager.getConfig();
        expect(await polls.next(), 'an error').to.equal(750);
        expect(manager.getConfig()).to.equal(config);
        expect(logger.at(isLogged)).to.have.length(1).and.property('0').include(label);
        await polls.next();
        expect(server.requests[2]?.headers['if-none-match'], 'is still known').to.equal('"7"');
        expect(revisionInForce()).to.equal('9');
      });
    }

    for (const [name, headers, part] of [
      ['plain', {}, bloated],
      ['unpacked', gzipped, gzipSync(bloated)],
    ] as const) {
      it(`too large have their connection closed: ${name}`, async () => {
        const { behavior, closed } = held(hang, { begins: [headers, part] });
        const server = await open(behavior);
        // The deadline is not what closes it.
        const { polls } = makePolling(server, { maxDatafileBytes: LIMIT, requestTimeoutMillis: 30_000 });
        await polls.scheduled(1);
        await closed;
      });
    }

    it('without end are cut off at maxDatafileBytes', async () => {
      const { behavior, sent } = endless();
      const server = await open(behavior);
      const { polls, logger } = makePolling(server, { maxDatafileBytes: LIMIT });
      await polls.scheduled(1);
      expect(logger.at('warn')[0]).to.include('DATAFILE_TOO_LARGE');
      expect(sent.bytes).to.be.below(30_000_000);
    });

    for (const [name, status] of [
      ['errors', 500],
      ['redirects', 302],
    ] as const) {
      it(`of ${name} without end are not read to the end, and have their connection closed`, async () => {
        const { behavior, sent, closed } = endless(status, { Location: '/next' });
        const server = await open(behavior, send(500, {}));
        const { polls, logger } = makePolling(server, { requestTimeoutMillis: 30_000 });
        await polls.scheduled(1);
        expect(logger.at('warn')[0]).to.include('status 500');
        await closed;
        expect(sent.bytes).to.be.below(30_000_000);
      });
    }

    it('are 20 MiB at most by default', async () => {
      const server = await open(
        send(200, gzipped, gzipSync(textOf('7').padEnd(20_971_520))),
        send(200, gzipped, gzipSync(textOf('8').padEnd(20_971_521))),
      );
      const { polls, revisionInForce, logger } = makePolling(server);
      await polls.scheduled(1);
      expect(revisionInForce()).to.equal('7');
      await polls.next();
      expect(revisionInForce()).to.equal('7');
      expect(logger.at('warn')[0]).to.include('DATAFILE_TOO_LARGE');
    });
  });

  describe('the deadline', () => {
    for (const [name, begins] of [
      ['no answer', undefined],
      ['half an answer', BEGUN],
      ['half an answer in gzip', BEGUN_GZIP],
    ] as const) {
      it(`ends a request with ${name}`, async () => {
        const { behavior, closed } = held(hang, begins && { begins });
        const server = await open(behavior, revision('7'));
        const { polls, runtime, logger, manager } = makePolling(server);
        await server.received(1);
        await runtime.advance(REQUEST_TIMEOUT - 1);
        expect(polls.count).to.equal(0);
        await runtime.advance(1);
        expect(await polls.scheduled(1)).to.equal(750);
        await closed;
        expect(logger.at('warn')).to.have.length(1).and.property('0').include('Timeout');
        await polls.next();
        expect(await manager.onReady()).to.equal(true);
        expect(runtime.armed, 'only the next poll').to.equal(1);
      });
    }

    it('is one for a request and all its redirects', async () => {
      const { behavior, closed } = held(hang);
      const server = await open(redirect('/next'), redirect('/next'), behavior);
      const { polls, runtime } = makePolling(server);
      await server.received(3);
      await runtime.advance(REQUEST_TIMEOUT);
      expect(await polls.scheduled(1)).to.equal(750);
      await closed;
    });

    it('may be a fraction, or longer than timers can be', async () => {
      const server = await open(revision('7'), revision('7'));
      for (const requestTimeoutMillis of [20_000.5, 1e12]) {
        const { manager, polls } = makePolling(server, { requestTimeoutMillis });
        await polls.scheduled(1);
        expect(manager.getConfig()).to.not.equal(undefined);
      }
    });

    it('is 10 s by default, and where requestTimeoutMillis is none', async () => {
      const server = await open(hang);
      for (const requestTimeoutMillis of [undefined, -5]) {
        const polling = makePolling(server, { requestTimeoutMillis });
        await settle();
        await polling.runtime.advance(9_999);
        expect(polling.logger.at('warn')).to.have.length(0);
        await polling.runtime.advance(1);
        while (polling.logger.at('warn').length === 0) await settle();
        expect(polling.logger.at('warn')[0]).to.include('Timeout');
      }
    });
  });

  describe('what it says', () => {
    it('is one warning an outage, and one line when it is over', async () => {
      const server = await open(send(500, {}), reset, send(404, {}), revision('7', { etag: '"7"' }));
      const { polls, logger } = makePolling(server);
      await polls.scheduled(1);
      for (let n = 0; n < 4; n++) await polls.next();
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
      expect(logger.at('warn')[0]).to.include('status 500');
      server.follow(send(503, {}), send(503, {}), revision('7', { etag: '"7"' }));
      for (let n = 0; n < 3; n++) await polls.next();
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info', 'warn', 'info']);
    });

    it('never holds the token or a custom header, whatever goes wrong', async () => {
      const server = await open();
      const lines: string[] = [];
      const keep = (message: string, ...more: unknown[]) => void lines.push(JSON.stringify([message, more]));
      diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep }, DiagLogLevel.ALL);
      opened.push(() => diag.disable());
      const quoting: DatafileCache = {
        get: () => {
          throw new Error(TOKEN);
        },
        set: () => Promise.reject(new Error(TOKEN)),
      };
      const trouble: Behavior[] = [
        ...[400, 401, 403, 404, 429, 500, 503].map(status =>
          send(status, { 'X-Echo': TOKEN, 'WWW-Authenticate': TOKEN, 'Retry-After': TOKEN }, TOKEN),
        ),
        reset,
        hangUp,
        redirect(`http://127.0.0.1:1/${TOKEN}`),
        redirect(`https://[${TOKEN}`),
        redirect(`ftp://${TOKEN}`),
        send(200, {}, `{"${TOKEN}`),
        revision('7', { members: { version: TOKEN } }),
        revision('7', { members: { accountId: { [TOKEN]: TOKEN } } }),
        send(200, { 'Content-Encoding': TOKEN }, TOKEN),
        send(200, { 'Content-Encoding': 'gzip' }, TOKEN),
        send(200, {}, TOKEN.repeat(1_000)),
        revision('8'),
        revision('7'),
        cutShort(TOKEN, 'chunked'),
      ];
      const secrets = { datafileAccessToken: TOKEN, customHeaders: { 'X-Key': TOKEN }, logger: undefined };
      for (const behavior of trouble) {
        server.follow(behavior, revision('9'));
        const { polls, manager } = makePolling(server, {
          ...secrets,
          cache: quoting,
          maxDatafileBytes: 9_000,
        });
        await polls.scheduled(1);
        await polls.next();
        await manager.stop();
      }
      for (const options of [
        { datafileAccessToken: `${TOKEN}\n` },
        { customHeaders: { 'X-Key': `${TOKEN}\r\n` } },
        { customHeaders: { [`${TOKEN}:`]: 'x' } },
      ]) {
        const { polls } = makePolling(server, { ...secrets, ...options });
        await polls.scheduled(1);
      }
      await settle();
      expect(lines.length).to.be.above(trouble.length);
      expect(lines.join('\n')).not.to.include(TOKEN);
      expect(lines.join('\n')).to.include('status 401');
    });
  });

  describe('traces', () => {
    const { clientSpans, reset: forgetSpans } = useInstrumentation();

    it('hold none of its requests: first, redirected, failed, polled, started within a span', async () => {
      const server = await open(redirect('/x'), revision('7'), send(503, {}), reset, revision('8'));
      const agent = new Agent();
      opened.push(() => agent.close());
      const { request } = await import('undici');
      await (await request(server.urlTemplate, { dispatcher: agent })).body.dump();
      expect(clientSpans(), 'the instrumentation is on: a plain request is traced').to.have.length(1);
      forgetSpans();
      const { polls, revisionInForce } = trace.getTracer('app').startActiveSpan('start', span => {
        const polling = makePolling(server);
        span.end();
        return polling;
      });
      await polls.scheduled(1);
      for (let n = 0; n < 4; n++) await polls.next();
      expect(revisionInForce()).to.equal('8');
      expect(server.requests).to.have.length(6);
      expect(server.requests.slice(1).map(({ headers }) => headers.traceparent)).to.deep.equal(
        Array(5).fill(undefined),
      );
      expect(clientSpans()).to.deep.equal([]);
    });
  });

  describe('the process', () => {
    it('is not held by a timer: between polls, in a request, while it backs off', async () => {
      const server = await open(hang, send(503, {}), revision('7'));
      const { polls, runtime } = makePolling(server);
      await server.received(1);
      expect(runtime).to.include({ armed: 1, referenced: 0 });
      await runtime.advance(REQUEST_TIMEOUT);
      await polls.scheduled(1);
      for (let n = 0; n < 3; n++) {
        expect(runtime).to.include({ armed: 1, referenced: 0 });
        await polls.next();
      }
    });

    const start = (options: object) =>
      new Child(process.execPath, [
        '--input-type=module',
        '-e',
        `import 'undici';
         import { PollingProjectConfigManager } from 'opentelemetry-exporter-optimizely';
         const { timeoutMillis, waits, ...options } = JSON.parse(process.argv[1]);
         const manager = new PollingProjectConfigManager({ sdkKey: 'key', ...options });
         if (waits) console.log(JSON.stringify({ ready: await manager.onReady({ timeoutMillis }) }));`,
        JSON.stringify(options),
      ]);

    it('ends by itself while polling idles, its connection still open', async () => {
      const server = await open(revision('7'));
      const { urlTemplate } = server;
      const child = start({ urlTemplate, waits: true, timeoutMillis: 600_000 });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(child.told('ready')).to.deep.equal([true]);
    });

    it('is held by a request in flight for its deadline at most', async () => {
      const server = await open(hang);
      const { urlTemplate } = server;
      const child = start({ urlTemplate, requestTimeoutMillis: 600 });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(server.requests).to.have.length(1);
    });

    it('is held by onReady() that somebody awaits, until it settles', async () => {
      const server = await open(send(503, { 'Retry-After': '300' }));
      const { urlTemplate } = server;
      const child = start({ urlTemplate, waits: true, timeoutMillis: 300 });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(child.told('ready')).to.deep.equal([false]);
    });
  });

  describe('onReady()', () => {
    it('is true when the first datafile is in force, and from then on', async () => {
      const { behavior, release } = held(revision('7'));
      const server = await open(behavior, send(500, {}));
      const { manager, runtime, polls } = makePolling(server);
      const ready = [manager.onReady(), manager.onReady({ timeoutMillis: 1 })];
      await server.received(1);
      expect(runtime.referenced, 'somebody awaits it').to.equal(2);
      await runtime.advance(1);
      expect(await ready[1]).to.equal(false);
      expect(await isSettled(ready[0] as Promise<boolean>)).to.equal(false);
      release();
      expect(await ready[0]).to.equal(true);
      await polls.scheduled(1);
      expect(runtime).to.include({ armed: 1, referenced: 0 });
      await polls.next();
      expect(await manager.onReady({ timeoutMillis: 1 })).to.equal(true);
      await manager.stop();
      expect(await manager.onReady()).to.equal(true);
    });

    it('is true after errors that healed', async () => {
      const server = await open(send(500, {}), send(200, {}, 'bad'), revision('7'));
      const { manager, polls } = makePolling(server);
      const ready = manager.onReady({ timeoutMillis: 60_000 });
      await polls.scheduled(1);
      await polls.next();
      expect(await isSettled(ready)).to.equal(false);
      await polls.next();
      expect(await ready).to.equal(true);
    });

    it('is false after 10 s by default', async () => {
      const server = await open(hang);
      const { manager, runtime } = makePolling(server, { requestTimeoutMillis: 20_000 });
      const ready = manager.onReady();
      await runtime.advance(9_999);
      expect(await isSettled(ready)).to.equal(false);
      await runtime.advance(1);
      expect(await ready).to.equal(false);
    });

    it('is false at once when polling is stopped', async () => {
      const server = await open(hang);
      const { manager, runtime } = makePolling(server);
      const ready = manager.onReady();
      await server.received(1);
      await manager.stop();
      expect(await ready).to.equal(false);
      expect(await manager.onReady()).to.equal(false);
      expect(runtime.armed).to.equal(0);
    });

    it('is true at once with a datafile that was given', async () => {
      const server = await open(hang);
      const { manager, revisionInForce } = makePolling(server, { datafile: makeDatafile() });
      expect(await manager.onReady()).to.equal(true);
      expect(revisionInForce()).to.equal('7');
    });
  });

  describe('onUpdate()', () => {
    it('tells of each datafile that comes into force, until undone', async () => {
      const server = await open(revision('7'), revision('7'), revision('8'), send(200, {}, 'bad'), reset);
      const { manager, polls, revisionInForce } = makePolling(server);
      const [kept, undone]: (string | undefined)[][] = [[], []];
      manager.onUpdate(() => kept?.push(revisionInForce()));
      const undo = manager.onUpdate(() => undone?.push(revisionInForce()));
      await polls.scheduled(1);
      undo();
      for (let n = 0; n < 4; n++) await polls.next();
      server.follow(revision('9'));
      await polls.next();
      expect(kept).to.deep.equal(['7', '8', '9']);
      expect(undone).to.deep.equal(['7']);
    });

    it('bears a listener that throws: others are told, and the datafile counts as fetched', async () => {
      const server = await open(revision('7', { etag: '"7"' }));
      const { manager, polls, revisionInForce } = makePolling(server);
      let told = 0;
      manager.onUpdate(() => {
        throw new Error('secret');
      });
      manager.onUpdate(() => told++);
      expect(await polls.scheduled(1)).to.equal(INTERVAL);
      expect([told, revisionInForce()]).to.deep.equal([1, '7']);
      await polls.next();
      expect(server.requests[1]?.headers['if-none-match']).to.equal('"7"');
    });
  });

  describe('stop()', () => {
    for (const [name, own, begins] of [
      ['its own connections', false, BEGUN],
      ['its own connections, in gzip', false, BEGUN_GZIP],
      ['a dispatcher that was given, and leaves it open', true, BEGUN],
      ['a dispatcher that was given, in gzip', true, BEGUN_GZIP],
    ] as const) {
      it(`ends the request in flight over ${name}`, async () => {
        const { behavior, closed } = held(hang, { begins });
        const server = await open(behavior);
        const agent = new Agent();
        opened.push(() => agent.close());
        const { manager, runtime, logger } = makePolling(server, own ? { dispatcher: agent } : {});
        await server.received(1);
        const stopped = manager.stop();
        expect(manager.stop()).to.equal(stopped);
        await stopped;
        await closed;
        expect([agent.closed, agent.destroyed]).to.deep.equal([false, false]);
        await settle();
        expect(runtime.armed).to.equal(0);
        expect(logger.lines).to.deep.equal([]);
      });
    }

    it('ends polling and leaves the datafile in force', async () => {
      const server = await open(revision('7'));
      const { manager, polls, runtime, revisionInForce } = makePolling(server);
      await polls.scheduled(1);
      await manager.stop();
      expect(runtime.armed).to.equal(0);
      expect(revisionInForce()).to.equal('7');
    });

    it('before the first request has left lets none leave', async () => {
      const server = await open(revision('7'));
      const { manager, runtime, logger } = makePolling(server);
      await manager.stop();
      await settle();
      expect(runtime.armed).to.equal(0);
      // Another one's round trip: what was under way would have come before.
      await makePolling(server).polls.scheduled(1);
      expect(server.requests).to.have.length(1);
      expect(logger.lines).to.deep.equal([]);
    });
  });

  describe('options', () => {
    const good = { sdkKey: 'key', urlTemplate: 'http://127.0.0.1:1/%s' };
    const wrong: [string, unknown, RegExp][] = [
      ['none', undefined, /sdkKey must be a non-empty string.*new PollingProjectConfigManager/],
      ['no SDK key', {}, /sdkKey must be/],
      ['an empty SDK key', { ...good, sdkKey: '' }, /sdkKey must be/],
      ['an SDK key of a wrong type', { ...good, sdkKey: 5 }, /sdkKey must be/],
      [
        'an empty token',
        { ...good, datafileAccessToken: '' },
        /datafileAccessToken must be.*datafileAccessToken: '…'/,
      ],
      ['a token of a wrong type', { ...good, datafileAccessToken: 5 }, /datafileAccessToken must be/],
      ['a template that is no URL', { ...good, urlTemplate: 'datafiles/%s' }, /urlTemplate must be/],
      ['a template of another protocol', { ...good, urlTemplate: 'ftp://host/%s' }, /urlTemplate must be/],
      ['a template of a wrong type', { ...good, urlTemplate: 5 }, /urlTemplate must be/],
      ['a cache that is none', { ...good, cache: {} }, /cache must have the methods get, set/],
      ['a cache that cannot be written', { ...good, cache: { get() {} } }, /cache must have.*set/],
      ['a datafile of a wrong type', { ...good, datafile: 5 }, /datafile must be/],
      ['a null datafile', { ...good, datafile: null }, /datafile must be/],
    ];
    for (const [name, options, message] of wrong) {
      it(`throw a TypeError at construction that says what to write: ${name}`, () => {
        expect(() => new PollingProjectConfigManager(options as never)).to.throw(TypeError, message);
      });
    }

    for (const [name, options, message] of [
      [
        'an SDK key and a datafile',
        { sdkKey: 'key', datafile: makeDatafile() },
        /more than one datafile source.*sdkKey/,
      ],
      [
        'an SDK key and a manager',
        { sdkKey: 'key', projectConfigManager: new StaticProjectConfigManager() },
        /more than one datafile source/,
      ],
      ['an empty SDK key', { sdkKey: '' }, /sdkKey must be/],
      ['an SDK key of a wrong type', { sdkKey: 5 }, /sdkKey must be/],
      ['no source', {}, /no datafile source.*sdkKey/],
    ] as [string, object, RegExp][]) {
      it(`throw a TypeError from the processor: ${name}`, () => {
        expect(() => new OptimizelySpanProcessor(options)).to.throw(TypeError, message);
      });
    }

    it('a datafile of bad content is logged, and the first fetched one comes into force', async () => {
      const server = await open(revision('7'));
      const { manager, logger, revisionInForce } = makePolling(server, { datafile: '{"broken' });
      expect(logger.at('error')).to.have.length(1);
      expect(await manager.onReady()).to.equal(true);
      expect(revisionInForce()).to.equal('7');
    });

    it('a datafile is in force until the first one is fetched', async () => {
      const { behavior, release } = held(revision('8'));
      const server = await open(behavior);
      const { polls, revisionInForce } = makePolling(server, { datafile: textOf('7') });
      await server.received(1);
      expect(revisionInForce()).to.equal('7');
      release();
      await polls.scheduled(1);
      expect(revisionInForce()).to.equal('8');
    });
  });

  it('says again that a datafile cannot be used where a good one came in between', async () => {
    const bad = send(200, {}, 'bad');
    const server = await open(revision('7'), bad, bad, revision('8'), bad);
    const { polls, logger } = makePolling(server);
    await polls.scheduled(1);
    const lines = async () => {
      await polls.next();
      return logger.at('error').length;
    };
    expect([await lines(), await lines(), await lines(), await lines()]).to.deep.equal([1, 1, 1, 2]);
  });

  describe('the cache', () => {
    it('brings the last good datafile during an outage, and is written after each new one', async () => {
      const cache = new MemoryCache();
      const server = await open(
        revision('7'),
        revision('7'),
        send(200, {}, 'bad'),
        send(500, {}),
        revision('8'),
      );
      const first = makePolling(server, { cache });
      await first.polls.scheduled(1);
      expect(cache.written).to.deep.equal(['7']);
      for (let n = 0; n < 4; n++) await first.polls.next();
      expect(cache.written).to.deep.equal(['7', '8']);
      expect([...cache.entries.values()]).to.deep.equal([textOf('8')]);
      await first.manager.stop();

      server.follow(send(503, {}), revision('9'));
      const second = makePolling(server, { cache });
      await second.polls.scheduled(1);
      expect(second.revisionInForce()).to.equal('8');
      expect(await second.manager.onReady()).to.equal(true);
      expect(second.manager.getConfig()?.findEventId('purchase')).to.equal('300');
      await second.polls.next();
      expect(second.revisionInForce()).to.equal('9');
      expect(cache.written).to.deep.equal(['7', '8', '9']);
      expect(cache.reads).to.equal(2);
    });

    it('is written once at a time: a slow write of an older datafile does not come last', async () => {
      const ends: (() => void)[] = [];
      const begun: string[] = [];
      const cache = {
        get: () => undefined,
        set: (_: string, datafile: string) => {
          begun.push((JSON.parse(datafile) as { revision: string }).revision);
          return new Promise<void>(resolve => ends.push(resolve));
        },
      };
      const { polls } = makePolling(await open(revision('7'), revision('8')), { cache });
      await polls.scheduled(1);
      await polls.next();
      expect(begun).to.deep.equal(['7']);
      ends.shift()?.();
      await settle();
      expect(begun).to.deep.equal(['7', '8']);
    });

    it('is not written again for a 304', async () => {
      const cache = new MemoryCache();
      const server = await open(revision('7', { etag: '"7"' }));
      const { polls } = makePolling(server, { cache });
      await polls.scheduled(1);
      await polls.next();
      expect(cache.written).to.deep.equal(['7']);
    });

    it('keeps the datafiles of several SDK keys apart', async () => {
      const cache = new MemoryCache();
      const server = await open(revision('7'), revision('8'));
      await makePolling(server, { cache, sdkKey: 'one' }).polls.scheduled(1);
      await makePolling(server, { cache, sdkKey: 'two' }).polls.scheduled(1);
      expect([...cache.entries.values()]).to.deep.equal([textOf('7'), textOf('8')]);
    });

    it('is not read where a datafile is given', async () => {
      const cache = new MemoryCache(textOf('1'));
      const server = await open(send(503, {}));
      const { polls, revisionInForce } = makePolling(server, { cache, datafile: textOf('2') });
      await polls.scheduled(1);
      expect([revisionInForce(), cache.reads]).to.deep.equal(['2', 0]);
    });

    it('is not used where a datafile was fetched before it answered', async () => {
      let answer: (datafile: string) => void = () => {};
      const read = new Promise<string>(resolve => {
        answer = resolve;
      });
      const server = await open(revision('7'));
      const { polls, revisionInForce } = makePolling(server, { cache: { get: () => read, set() {} } });
      await polls.scheduled(1);
      answer(textOf('1'));
      await settle();
      expect(revisionInForce()).to.equal('7');
    });

    it('is not used after stop()', async () => {
      let answer: (datafile: string) => void = () => {};
      const read = new Promise<string>(resolve => {
        answer = resolve;
      });
      const server = await open(hang);
      const { manager } = makePolling(server, { cache: { get: () => read, set() {} } });
      await manager.stop();
      answer(textOf('1'));
      await settle();
      expect(manager.getConfig()).to.equal(undefined);
    });

    const rejects = () => Promise.reject(new Error('secret'));
    const throws = () => {
      throw new Error('secret');
    };
    const none = () => undefined;
    const never = () => new Promise<never>(() => {});
    for (const [name, cache, warnings, errors] of [
      ['throws at reading', { get: throws, set: none }, ['cache could not be read'], 0],
      ['rejects at reading', { get: rejects, set: none }, ['cache could not be read'], 0],
      ['throws at writing', { get: none, set: throws }, ['cache could not be written'], 0],
      ['rejects at writing', { get: none, set: rejects }, ['cache could not be written'], 0],
      ['never answers', { get: never, set: never }, [], 0],
      ['holds null', { get: () => null, set: none }, [], 0],
      ['holds no text', { get: () => 5 as never, set: none }, [], 0],
      ['holds a part of a datafile', { get: () => textOf('1').slice(0, 50), set: none }, [], 1],
      ['holds something else', { get: () => '{"secret":1}', set: none }, [], 1],
    ] as [string, DatafileCache, string[], number][]) {
      it(`does no harm where it ${name}`, async () => {
        const { behavior, release } = held(revision('7'));
        const server = await open(behavior, revision('8'));
        const { manager, polls, logger, revisionInForce } = makePolling(server, { cache });
        await server.received(1);
        expect(manager.getConfig()).to.equal(undefined);
        release();
        await polls.scheduled(1);
        expect(revisionInForce()).to.equal('7');
        await settle();
        expect(logger.at('error')).to.have.length(errors);
        expect(logger.at('warn')).to.have.length(warnings.length);
        if (warnings[0] !== undefined) expect(logger.at('warn')[0]).to.include(warnings[0]);
        expect(JSON.stringify(logger.lines)).not.to.include('secret');
        await polls.next();
        expect(revisionInForce()).to.equal('8');
      });
    }
  });

  describe('under a processor', () => {
    it('holds events until the first datafile, their age counted from recording', async () => {
      const { behavior, release } = held(revision('7'));
      const server = await open(behavior);
      const { processor, runtime, polls, dispatcher } = makeProcessing(server, {
        requestTimeoutMillis: 60_000,
      });
      const uuid = processor.recordConversion({ ...CONVERSION, attributes: { plan: 'gold' } });
      await server.received(1);
      await runtime.advance(29_000);
      expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 1 });
      release();
      await polls.scheduled(1);
      await runtime.advance(998);
      expect(dispatcher.attempts).to.equal(0);
      await runtime.advance(2);
      expect(dispatcher.uuids).to.deep.equal([uuid]);
      expect(dispatcher.sent[0]).to.deep.include({ account_id: 'account-1', revision: '7' });
      expect(dispatcher.visitors[0]?.snapshots[0]?.events[0]).to.deep.include({
        entity_id: '300',
        timestamp: 1_700_000_000_000,
      });
    });

    it('holds maxQueueSize events at most, and sends those too old at once', async () => {
      const server = await open(send(500, {}), revision('7'));
      const { processor, runtime, polls, dispatcher, causes } = makeProcessing(
        server,
        {},
        { maxQueueSize: 2 },
      );
      await polls.scheduled(1);
      const taken = [1, 2, 3].map(() => processor.recordConversion(CONVERSION)).filter(Boolean);
      expect(processor.ledger()).to.deep.include({ recorded: 3, pending: 2, dropped: { queue_full: 1 } });
      await polls.next();
      await runtime.advance(30_000);
      expect(dispatcher.uuids).to.deep.equal(taken);
      // Each fills the queue, and a request is free.
      expect(causes).to.deep.equal(['size', 'size']);
      expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 2, pending: 0 });
    });

    it('resolves events during an outage by the cache', async () => {
      const server = await open(send(503, {}));
      const { processor, polls, dispatcher } = makeProcessing(server, {
        cache: new MemoryCache(textOf('6')),
      });
      processor.recordConversion(CONVERSION);
      await polls.scheduled(1);
      await processor.forceFlush();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['6']);
    });

    it('flushes at once at a new revision, without an event to notice it; the same one does nothing', async () => {
      const server = await open(revision('7', { etag: '"7"' }));
      const { processor, polls, dispatcher, causes, updates, runtime } = makeProcessing(server, {
        updateIntervalMillis: 1_000,
      });
      await polls.scheduled(1);
      processor.recordConversion(CONVERSION);
      await polls.next();
      server.follow(revision('7'), revision('7', { members: { events: [] } }));
      await polls.next();
      await polls.next();
      expect([dispatcher.attempts, updates]).to.deep.equal([0, ['7']]);
      server.follow(revision('8'));
      await polls.next();
      await settle();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7']);
      expect(causes).to.deep.equal(['revision']);
      expect(updates).to.deep.equal(['7', '8']);
      processor.recordConversion(CONVERSION);
      await runtime.advance(0);
      await processor.forceFlush();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7', '8']);
    });

    it('takes the content of a datafile of the same revision', async () => {
      const server = await open(revision('7'), revision('7', { members: { events: [] } }));
      const { processor, polls } = makeProcessing(server);
      await polls.scheduled(1);
      await polls.next();
      expect(processor.recordConversion(CONVERSION)).to.equal(undefined);
      expect(processor.ledger().dropped).to.deep.equal({ unknown_key: 1 });
    });

    it('takes an older revision as it is served, and says so', async () => {
      const server = await open(revision('10'), revision('9'), revision('11'));
      const { processor, polls, dispatcher, updates, logger } = makeProcessing(server);
      await polls.scheduled(1);
      processor.recordConversion(CONVERSION);
      await polls.next();
      processor.recordConversion(CONVERSION);
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['info']);
      expect(logger.at('info')[0]).to.match(/revision 9\b.*\b10\b/);
      await polls.next();
      await settle();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['10', '9']);
      expect(updates).to.deep.equal(['10', '9', '11']);
      expect(logger.lines).to.have.length(1);
    });

    it('resolves by the old datafile while an invalid one is served', async () => {
      const server = await open(revision('7'), send(200, {}, '{"broken'));
      const { processor, polls, dispatcher, updates, logger } = makeProcessing(server);
      await polls.scheduled(1);
      await polls.next();
      expect(logger.at('error')).to.have.length(1).and.property('0').include('stays in force');
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7']);
      expect(updates).to.deep.equal(['7']);
    });

    it('tells OPTIMIZELY_CONFIG_UPDATE listeners once a revision, a given datafile included', async () => {
      const server = await open(revision('7'), revision('8'), revision('8', { members: { groups: [0] } }));
      const { polls, updates, processor } = makeProcessing(server, { datafile: textOf('6') });
      expect(updates).to.deep.equal(['6']);
      await polls.scheduled(1);
      await polls.next();
      await polls.next();
      processor.recordConversion(CONVERSION);
      expect(updates).to.deep.equal(['6', '7', '8']);
    });

    for (const method of ['forceFlush', 'shutdown'] as const) {
      describe(`${method}()`, () => {
        it('waits for the first datafile while events are held, then delivers', async () => {
          const { behavior, release } = held(revision('7'));
          const server = await open(behavior);
          const { processor, runtime, dispatcher } = makeProcessing(server);
          const uuid = processor.recordConversion(CONVERSION);
          await server.received(1);
          const done = processor[method]();
          await runtime.advance(4_999);
          expect(await isSettled(done)).to.equal(false);
          expect(runtime.referenced, 'somebody awaits it').to.be.above(0);
          release();
          await done;
          expect(dispatcher.uuids).to.deep.equal([uuid]);
          expect(processor.ledger()).to.deep.include({ recorded: 1, delivered: 1, pending: 0, dropped: {} });
          expect(runtime.referenced).to.equal(0);
        });

        it('waits over errors, while the datafile is asked for again', async () => {
          const server = await open(send(500, {}), revision('7'));
          const { processor, runtime, polls } = makeProcessing(server);
          processor.recordConversion(CONVERSION);
          await polls.scheduled(1);
          const done = processor[method]();
          await runtime.advance(750);
          await done;
          expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
        });

        it('waits timeoutIntervalMillis at most', async () => {
          const { behavior, closed } = held(hang);
          const server = await open(behavior);
          const { processor, runtime, dispatcher, logger } = makeProcessing(
            server,
            {},
            { timeoutIntervalMillis: 3_000 },
          );
          processor.recordConversion(CONVERSION);
          await server.received(1);
          const done = processor[method]();
          await runtime.advance(2_999);
          expect(await isSettled(done)).to.equal(false);
          expect(processor.ledger()).to.deep.include({ pending: 1 });
          await runtime.advance(1);
          await done;
          expect(dispatcher.attempts).to.equal(0);
          expect(runtime.referenced).to.equal(0);
          if (method === 'forceFlush') {
            expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 1, dropped: {} });
          } else {
            expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 0 });
            expect(processor.ledger().dropped).to.deep.equal({ no_datafile: 1 });
            expect(logger.at('warn').concat(logger.at('error')).join('\n')).to.include('no_datafile');
            await closed;
            expect(runtime.armed).to.equal(0);
          }
        });

        it('takes timeoutIntervalMillis for both, the wait and the delivery', async () => {
          const { behavior, release } = held(revision('7'));
          const server = await open(behavior);
          const { processor, runtime, dispatcher, polls } = makeProcessing(server);
          let answer: (response: EventDispatcherResponse) => void = () => {};
          dispatcher.answer = () =>
            new Promise(resolve => {
              answer = resolve;
            });
          processor.recordConversion(CONVERSION);
          await server.received(1);
          const done = processor[method]();
          await runtime.advance(4_000);
          release();
          await polls.scheduled(1);
          await settle();
          expect(dispatcher.attempts).to.equal(1);
          await runtime.advance(999);
          expect(await isSettled(done)).to.equal(false);
          await runtime.advance(1);
          expect(await isSettled(done)).to.equal(true);
          answer({ statusCode: 204 });
        });

        it('waits for no datafile where no event is held', async () => {
          const server = await open(hang);
          const { processor } = makeProcessing(server);
          await processor[method]();
          expect(processor.ledger()).to.deep.include({ recorded: 0, dropped: {} });
        });

        it('bears a manager whose onReady() throws, rejects or never settles', async () => {
          for (const onReady of [
            () => {
              throw new Error('secret');
            },
            () => Promise.reject(new Error('secret')),
            () => new Promise<never>(() => {}),
          ]) {
            const [runtime, logger] = [new ManualRuntime(), new RecordingLogger()];
            const projectConfigManager: ProjectConfigManager = { getConfig: () => null, onReady };
            const eventDispatcher = new RecordingDispatcher();
            const processor = new OptimizelySpanProcessor({
              projectConfigManager,
              eventDispatcher,
              logger,
              runtime,
            });
            processor.recordConversion(CONVERSION);
            const done = processor[method]();
            await runtime.advance(5_000);
            await done;
            const closed = processor.shutdown();
            await runtime.advance(5_000);
            await closed;
            expect(processor.ledger().dropped).to.deep.equal({ no_datafile: 1 });
            expect(JSON.stringify(logger.lines)).not.to.include('secret');
            expect(logger.at('error').length).to.be.at.most(1);
          }
        });
      });
    }

    it('refuses what is recorded while shutdown() waits, and still delivers what was held', async () => {
      const { behavior, release } = held(revision('7'));
      const server = await open(behavior);
      const { processor, dispatcher } = makeProcessing(server);
      const uuid = processor.recordConversion(CONVERSION);
      await server.received(1);
      const [flushed, closed] = [processor.forceFlush(), processor.shutdown()];
      expect(processor.recordConversion(CONVERSION)).to.equal(undefined);
      release();
      await Promise.all([flushed, closed]);
      expect(dispatcher.uuids).to.deep.equal([uuid]);
      expect(processor.ledger()).to.deep.include({
        recorded: 2,
        delivered: 1,
        pending: 0,
        dropped: { already_shutdown: 1 },
      });
    });

    it('stops polling at shutdown, and ends a request in flight', async () => {
      const { behavior, closed } = held(hang, { begins: BEGUN });
      const server = await open(revision('7'), behavior);
      const { processor, polls, runtime } = makeProcessing(server);
      await polls.scheduled(1);
      await runtime.advance(INTERVAL);
      await server.received(2);
      await processor.shutdown();
      await closed;
      await settle();
      expect(runtime.armed).to.equal(0);
    });

    it('is not held up at shutdown for longer than its limit by a manager that does not stop', async () => {
      const runtime = new ManualRuntime();
      const processor = new OptimizelySpanProcessor({
        projectConfigManager: { getConfig: makeDatafile, stop: () => new Promise(() => {}) },
        eventDispatcher: new RecordingDispatcher(),
        logger: new RecordingLogger(),
        runtime,
      });
      const done = processor.shutdown();
      await runtime.advance(5_000);
      expect(await isSettled(done)).to.equal(true);
    });

    it('is driven the same way by a manager around this one', async () => {
      const server = await open(revision('7'), revision('8'));
      const { manager, polls, runtime } = makePolling(server);
      const dispatcher = new RecordingDispatcher();
      const around: ProjectConfigManager = {
        getConfig: () => manager.getConfig(),
        onUpdate: listener => manager.onUpdate(listener),
        onReady: options => manager.onReady(options),
        stop: () => manager.stop(),
      };
      const processor = new OptimizelySpanProcessor({
        projectConfigManager: around,
        eventDispatcher: dispatcher,
        logger: new RecordingLogger(),
        runtime,
      });
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      processor.recordConversion(CONVERSION);
      await polls.next();
      await settle();
      expect(dispatcher.sent.map(params => params.revision)).to.deep.equal(['7', '7']);
      await processor.shutdown();
      expect(runtime.armed).to.equal(0);
    });
  });
});
