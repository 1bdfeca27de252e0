import { once } from 'node:events';
import { inspect } from 'node:util';
import type { EventDispatcher as OptimizelyEventDispatcher } from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  EventFactory,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  UndiciEventDispatcher,
} from 'opentelemetry-exporter-optimizely';
import { Agent } from 'undici';
import { makeDatafile } from './support/datafile.js';
import { startProxy } from './support/datafile-server.js';
import { makeUserEvent, RecordingLogger } from './support/fakes.js';
import { answer, hang, hangUp, reset, startServer } from './support/hostile-server.js';
import { useInstrumentation } from './support/instrumentation.js';

describe('UndiciEventDispatcher', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async (...behavior: Parameters<typeof startServer>) => {
    const server = await startServer(...behavior);
    opened.push(server);
    return server;
  };
  const makeDispatcher = (...options: ConstructorParameters<typeof UndiciEventDispatcher>) => {
    const dispatcher = new UndiciEventDispatcher(...options);
    opened.unshift(dispatcher);
    return dispatcher;
  };

  it("is an event dispatcher of Optimizely's own SDK, also under exactOptionalPropertyTypes", async () => {
    const server = await open(() => answer(204));
    const dispatcher: OptimizelyEventDispatcher = makeDispatcher();
    const { statusCode } = await dispatcher.dispatchEvent({
      ...{ url: server.url, httpVerb: 'POST' },
      params: { account_id: '1' } as never,
    });
    expect(statusCode).to.equal(204);
  });
  const makeLogEvent = (endpoint: string) =>
    new EventFactory({ endpoint }).createLogEvent([
      makeUserEvent({ json: '{"visitor_id":"é","attributes":[],"snapshots":[]}' }),
    ]);

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  it('posts the body with its headers and gives the status and headers back', async () => {
    const server = await open(() => answer(429, { 'Retry-After': '3' }));
    const logEvent = makeLogEvent(server.url);
    const response = await makeDispatcher().dispatchEvent(logEvent);
    expect(response.statusCode).to.equal(429);
    expect(response.headers?.['retry-after']).to.equal('3');
    const [request] = server.requests;
    expect(request).to.deep.include({ method: 'POST', url: '/v1/events', body: logEvent.body });
    expect(request?.headers['content-type']).to.equal('application/json');
    expect(request?.headers['content-length']).to.equal(String(Buffer.byteLength(logEvent.body)));
  });

  it('carries out GET with params in the query string', async () => {
    const server = await open();
    const logEvent = makeLogEvent(`${server.url}?key=1`);
    logEvent.httpVerb = 'GET';
    await makeDispatcher().dispatchEvent(logEvent);
    const [request] = server.requests;
    const query = new URL(request?.url ?? '', server.origin).searchParams;
    expect(request?.method).to.equal('GET');
    expect(request?.body).to.equal('');
    expect(query.get('key')).to.equal('1');
    expect(query.get('account_id')).to.equal('account');
    expect(query.get('anonymize_ip')).to.equal('false');
    expect(JSON.parse(query.get('visitors') ?? '')).to.deep.equal(logEvent.params.visitors);
  });

  it('sends what was changed in the params of a copy, and LogEvents of the official SDK', async () => {
    const server = await open();
    const copy = { ...makeLogEvent(server.url) };
    copy.params.project_id = 'changed';
    await makeDispatcher().dispatchEvent(copy);
    await makeDispatcher().dispatchEvent({
      url: server.url,
      httpVerb: 'POST',
      params: { project_id: 'theirs' },
    });
    expect(
      server.requests.map(({ body }) => (JSON.parse(body) as { project_id: string }).project_id),
    ).to.deep.equal(['changed', 'theirs']);
  });

  it('sends the very text of the body, whatever its characters and whatever length its events claim', async () => {
    const server = await open();
    const dispatcher = makeDispatcher();
    const factory = new EventFactory({ endpoint: server.url });
    const event = fc
      .record({
        text: fc.string({ unit: 'binary' }),
        excess: fc.constantFrom(0, 0, 0, 1, 3, 1_000, -1e9, 1e15, Number.NaN),
      })
      .map(({ text, excess }) => {
        const json = JSON.stringify({ visitor_id: text, attributes: [], snapshots: [] });
        return { ...makeUserEvent({ json }), byteLength: Buffer.byteLength(json) + excess };
      });
    const tooShort = fc.string({ unit: 'grapheme' }).map(text => {
      const json = `{"visitor_id":${JSON.stringify(text)}}`;
      return { ...makeUserEvent({ json }), byteLength: json.length };
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: event }, tooShort), { minLength: 1 }),
        async events => {
          const logEvent = factory.createLogEvent(events);
          await dispatcher.dispatchEvent(logEvent);
          expect(server.requests.pop()?.body).to.equal(logEvent.body);
        },
      ),
      { numRuns: 500 },
    );
  });

  const changes: Record<string, (logEvent: LogEvent) => void> = {
    'is changed in params': ({ params }) => {
      for (const visitor of params.visitors) visitor.visitor_id = 'redacted';
    },
    'stands in params that replace them': logEvent => {
      logEvent.params = { ...logEvent.params, visitors: [] };
    },
    'replaces the body': logEvent => {
      logEvent.body = '{"visitors":[]}';
    },
    'is defined as the body': logEvent => {
      Object.defineProperty(logEvent, 'body', { value: '{"visitors":[]}' });
    },
  };

  for (const [what, change] of Object.entries(changes)) {
    it(`sends what ${what}, and nothing of what was there before`, async () => {
      const server = await open();
      const logEvent = makeLogEvent(server.url);
      change(logEvent);
      await makeDispatcher().dispatchEvent(logEvent);
      expect(server.requests[0]?.body).to.equal(logEvent.body).and.not.include('é');
    });
  }

  it('keeps connections open and uses them again, reading the answers it has no use for', async () => {
    const server = await open(() => answer(200, {}, 'x'.repeat(10_000)));
    const dispatcher = makeDispatcher();
    for (let n = 0; n < 12; n++) await dispatcher.dispatchEvent(makeLogEvent(server.url));
    // The next request may leave before the last answer's connection is free again.
    expect(new Set(server.requests.map(request => request.remotePort)).size).to.be.at.most(2);
  });

  it('reads only so much of an endless answer', async () => {
    let written = 0;
    let closed: Promise<unknown> | undefined;
    const server = await open(() => response => {
      closed = once(response, 'close');
      response.writeHead(200);
      const more = () => {
        if (response.destroyed || written > 50_000_000) return;
        written += 100_000;
        response.write(Buffer.alloc(100_000), more);
      };
      more();
    });
    const { statusCode } = await makeDispatcher().dispatchEvent(makeLogEvent(server.url));
    expect(statusCode).to.equal(200);
    await closed;
    // Most of it lies in the buffers of the system.
    expect(written).to.be.below(20_000_000);
  });

  it('does not follow redirects', async () => {
    const server = await open(() => answer(307, { Location: '/elsewhere' }));
    expect((await makeDispatcher().dispatchEvent(makeLogEvent(server.url))).statusCode).to.equal(307);
    expect(server.requests).to.have.length(1);
  });

  for (const [name, behavior] of Object.entries({ reset, 'other side closed': hangUp })) {
    it(`rejects where there is no answer: ${name}`, async () => {
      const server = await open(() => behavior);
      const error: unknown = await makeDispatcher()
        .dispatchEvent(makeLogEvent(server.url))
        .catch(error => error);
      expect(error).to.be.instanceOf(Error);
    });
  }

  it('rejects where nothing listens', async () => {
    const server = await startServer();
    await server.close();
    const error: unknown = await makeDispatcher()
      .dispatchEvent(makeLogEvent(server.url))
      .catch(error => error);
    expect(error).to.have.property('code', 'ECONNREFUSED');
  });

  it('ends a hanging request when the signal aborts', async () => {
    const server = await open(() => hang);
    const controller = new AbortController();
    const dispatched = makeDispatcher().dispatchEvent(makeLogEvent(server.url), {
      signal: controller.signal,
    });
    await server.received(1);
    controller.abort(new Error('enough'));
    const error: unknown = await dispatched.catch(error => error);
    expect(error).to.have.property('message', 'enough');
  });

  it('keeps a deadline of its own where there is no signal', async () => {
    const server = await open(() => hang);
    const error: unknown = await makeDispatcher({ requestTimeoutMillis: 30 })
      .dispatchEvent(makeLogEvent(server.url))
      .catch(error => error);
    expect(error).to.have.property('name', 'TimeoutError');
  });

  it('takes any positive number as its deadline, and its default in place of anything else', async () => {
    const server = await open();
    const odd = [5_000.5, 1e12, Number.POSITIVE_INFINITY, Number.NaN, '5' as never];
    for (const requestTimeoutMillis of odd) {
      const dispatcher = makeDispatcher({ requestTimeoutMillis });
      expect(await dispatcher.dispatchEvent(makeLogEvent(server.url))).to.deep.include({ statusCode: 204 });
    }
  });

  it('uses the undici dispatcher it is given and leaves closing it to its owner', async () => {
    const server = await open();
    const agent = new Agent();
    const dispatcher = makeDispatcher({ dispatcher: agent });
    await dispatcher.dispatchEvent(makeLogEvent(server.url));
    await dispatcher.close();
    expect(agent.closed).to.equal(false);
    await agent.close();
  });

  it('can be used again after close', async () => {
    const server = await open();
    const dispatcher = makeDispatcher();
    await dispatcher.close();
    await dispatcher.dispatchEvent(makeLogEvent(server.url));
    await dispatcher.close();
    await dispatcher.dispatchEvent(makeLogEvent(server.url));
    expect(server.requests).to.have.length(2);
  });

  describe('behind a proxy', () => {
    const variables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
    const saved = new Map<string, string | undefined>();

    beforeEach(() => {
      for (const name of variables) {
        saved.set(name, process.env[name]);
        delete process.env[name];
      }
    });

    afterEach(() => {
      for (const [name, value] of saved) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });

    it('takes the proxy from the environment, and NO_PROXY with it', async () => {
      const [server, proxy] = [await open(), await startProxy()];
      opened.push(proxy);
      process.env.HTTP_PROXY = proxy.url;
      await makeDispatcher().dispatchEvent(makeLogEvent(server.url));
      expect(proxy.asked.map(({ target }) => target)).to.deep.equal([new URL(server.url).host]);
      process.env.NO_PROXY = '127.0.0.1';
      await makeDispatcher().dispatchEvent(makeLogEvent(server.url));
      expect(proxy.asked).to.have.length(1);
      expect(server.requests).to.have.length(2);
    });

    for (const name of variables.slice(0, 4)) {
      it(`takes a proxy without a scheme as http, with its credentials: ${name}`, async () => {
        const [server, proxy] = [await open(), await startProxy()];
        opened.push(proxy);
        process.env[name] = ` us%40er:p%3Ass%@${new URL(proxy.url).host} `;
        const answered = makeDispatcher().dispatchEvent(
          makeLogEvent(
            name.toLowerCase() === 'http_proxy' ? server.url : server.url.replace('http:', 'https:'),
          ),
        );
        await proxy.requested();
        // Behind the proxy is no TLS.
        await answered.catch(() => {});
        const expected = `Basic ${Buffer.from('us@er:p:ss%').toString('base64')}`;
        expect(proxy.asked[0]?.target).to.equal(new URL(server.url).host);
        expect(proxy.asked[0]?.headers['proxy-authorization']).to.equal(expected);
      });
    }

    const unusable = [
      'ftp://user:secret@proxy.test:1',
      'http://user:secret@',
      'secret host',
      'http://secret:99999',
    ];
    for (const value of unusable) {
      it(`names the variable whose value is no proxy, once and without the value: ${value}`, async () => {
        const server = await open();
        process.env.https_proxy = 'http://127.0.0.1:1';
        process.env.HTTP_PROXY = value;
        const logger = new RecordingLogger();
        const dispatcher = makeDispatcher({ logger });
        for (let attempt = 0; attempt < 3; attempt++) {
          const error: unknown = await dispatcher
            .dispatchEvent(makeLogEvent(server.url))
            .catch(error => error);
          expect(error).to.include({ name: 'UnusableProxyError', code: 'HTTP_PROXY' });
          expect(inspect(error)).to.not.include('secret');
        }
        expect(logger.lines).to.have.length(1);
        expect(logger.at('error')[0])
          .to.match(/^HTTP_PROXY must be/)
          .and.not.include('secret');
        delete process.env.HTTP_PROXY;
        expect(await dispatcher.dispatchEvent(makeLogEvent(server.url))).to.have.property('statusCode', 204);
      });
    }

    it('tells the status of a proxy that does not let it through', async () => {
      const proxy = await startProxy();
      opened.push(proxy);
      process.env.HTTPS_PROXY = proxy.url;
      const error: unknown = await makeDispatcher()
        .dispatchEvent(makeLogEvent('https://events.example.test/v1/events'))
        .catch(error => error);
      expect(error).to.include({ name: 'ProxyRefusedError', code: 'PROXY_ANSWERED_403' });
    });

    const exceptions: [noProxy: string, isDirect: boolean][] = [
      ['*', true],
      ['example.test, 127.0.0.1', true],
      ['127.0.0.0/8', true],
      ['127.0.0.1:{port}', true],
      ['::1 127.0.0.1', true],
      ['127.0.0.1:1', false],
      ['10.0.0.0/8', false],
      ['0.0.1,.1', false],
      ['[::1],::1', false],
      ['', false],
    ];
    for (const [noProxy, isDirect] of exceptions) {
      it(`goes ${isDirect ? 'past' : 'through'} the proxy with NO_PROXY "${noProxy}"`, async () => {
        const [server, proxy] = [await open(), await startProxy()];
        opened.push(proxy);
        process.env.HTTP_PROXY = proxy.url;
        process.env.NO_PROXY = noProxy.replace('{port}', new URL(server.url).port);
        await makeDispatcher().dispatchEvent(makeLogEvent(server.url));
        expect(proxy.asked).to.have.length(isDirect ? 0 : 1);
        expect(server.requests).to.have.length(1);
      });
    }
  });

  describe('given credentials in the URL', () => {
    const withCredentials = (url: string) => url.replace('http://', 'http://us%40er:se%3Acret%@');
    const basic = `Basic ${Buffer.from('us@er:se:cret%').toString('base64')}`;

    it('sends them as a header, which one of the application replaces', async () => {
      const server = await open();
      const dispatcher = makeDispatcher();
      const url = withCredentials(server.url);
      await dispatcher.dispatchEvent({ httpVerb: 'POST', url, body: '{}' });
      await dispatcher.dispatchEvent({
        httpVerb: 'POST',
        url,
        body: '{}',
        headers: { Authorization: 'mine' },
      });
      expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([basic, 'mine']);
    });

    it('shows those of an endpoint in no URL of a LogEvent and in no line of the log', async () => {
      const server = await open(index => answer(index === 0 ? 500 : 204));
      const logger = new RecordingLogger();
      const urls: string[] = [];
      const notificationCenter = new NotificationCenter();
      notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ url }) => urls.push(url));
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        endpoint: withCredentials(server.url),
        notificationCenter,
        logger,
        retry: { initialDelayMillis: 1 },
      });
      processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
      await processor.shutdown();
      expect(processor.ledger().delivered).to.equal(1);
      expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([basic, basic]);
      expect(urls).to.deep.equal([server.url]);
      expect(JSON.stringify(logger.lines))
        .to.include('fails')
        .and.not.match(/cret|us@er|us%40er/);
    });
  });

  describe('under instrumentation', () => {
    const { clientSpans, reset: forgetSpans } = useInstrumentation();

    it('leaves no span of its own, alone, many at once, and within a processor that retries', async () => {
      const server = await open(index => answer(index % 7 === 3 ? 503 : 204));
      const agent = new Agent();
      const { request } = await import('undici');
      const plain = await request(server.url, { method: 'POST', body: '{}', dispatcher: agent });
      await plain.body.dump();
      expect(clientSpans(), 'the instrumentation is on: a plain request is traced').to.have.length(1);
      forgetSpans();

      const dispatcher = makeDispatcher();
      await Promise.all(Array.from({ length: 60 }, () => dispatcher.dispatchEvent(makeLogEvent(server.url))));
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        endpoint: server.url,
        batchSize: 1,
        maxBatchSize: 1,
        retry: { initialDelayMillis: 1 },
      });
      for (let n = 0; n < 20; n++) processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
      await processor.shutdown();
      expect(processor.ledger().delivered).to.equal(20);
      expect(server.requests.length).to.be.above(81);
      expect(clientSpans()).to.deep.equal([]);
      await agent.close();
    });
  });
});
