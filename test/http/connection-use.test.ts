// SPDX-License-Identifier: Apache-2.0
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { EventFactory, UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { Agent, type Dispatcher } from 'undici';
import { makeUserEvent } from '../support/fakes.js';
import { answer, hang, reset, startServer } from '../support/hostile-server.js';

describe('one UndiciEventDispatcher, request after request', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async (...behavior: Parameters<typeof startServer>) => {
    const server = await startServer(...behavior);
    opened.push(server);
    return server;
  };
  const makeDispatcher = (options: ConstructorParameters<typeof UndiciEventDispatcher>[0] = {}) => {
    const dispatcher = new UndiciEventDispatcher(options);
    opened.unshift(dispatcher);
    return dispatcher;
  };
  const makeLogEvent = (endpoint: string) => new EventFactory({ endpoint }).createLogEvent([makeUserEvent()]);
  /** Without a deadline. @returns why there is no answer, where there is none */
  const send = (dispatcher: UndiciEventDispatcher, url: string) =>
    dispatcher
      .dispatchEvent(makeLogEvent(url), { signal: new AbortController().signal })
      .catch((error: unknown) => error);
  const ports = (requests: readonly { remotePort: number | undefined }[]) =>
    new Set(requests.map(request => request.remotePort));

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  it('sends each to its own URL, whichever was asked before', async () => {
    const [one, other] = [await open(), await open()];
    const dispatcher = makeDispatcher();
    const send = (url: string) => dispatcher.dispatchEvent(makeLogEvent(url));
    for (const url of [
      one.url,
      other.url,
      `${one.origin}/else`,
      one.url,
      other.url.replace('//', '//me:secret@'),
    ])
      await send(url);
    expect(one.requests.map(({ url }) => url)).to.deep.equal(['/v1/events', '/else', '/v1/events']);
    expect(other.requests.map(({ headers }) => headers.authorization)).to.deep.equal([
      undefined,
      `Basic ${Buffer.from('me:secret').toString('base64')}`,
    ]);
  });

  it('takes the connection that was used last', async () => {
    const held: ServerResponse[] = [];
    let isHolding = true;
    const server = await open(() => response => {
      if (isHolding) held.push(response);
      else response.writeHead(204).end();
    });
    const dispatcher = makeDispatcher();
    const send = () => dispatcher.dispatchEvent(makeLogEvent(server.url));
    const dispatched = [send(), send(), send()];
    await server.received(3);
    isHolding = false;
    for (const response of held) response.writeHead(204).end();
    await Promise.all(dispatched);
    for (let n = 0; n < 4; n++) await send();
    expect(ports(server.requests).size).to.equal(3);
    expect(ports(server.requests.slice(3)).size).to.equal(1);
  });

  it('takes none that has closed while others are open', async () => {
    const held: ServerResponse[] = [];
    const server = await open(index => response => {
      if (index < 2) held.push(response);
      else response.writeHead(204).end();
    });
    const dispatcher = makeDispatcher();
    const send = () => dispatcher.dispatchEvent(makeLogEvent(server.url));
    const dispatched = [send(), send()];
    await server.received(2);
    const [closing, staying] = held as [ServerResponse, ServerResponse];
    const closed = once(closing.socket as Socket, 'close');
    staying.writeHead(204).end();
    // The client ends its connection then.
    closing.writeHead(204, { 'Keep-Alive': 'timeout=1' }).end();
    await Promise.all([...dispatched, closed]);
    for (const { statusCode } of await Promise.all([send(), send()])) expect(statusCode).to.equal(204);
  });

  it('tells of an answer before its body has ended, and uses the connection again once it has', async () => {
    const bodies: ServerResponse[] = [];
    const server = await open(index => response => {
      response.writeHead(200).write('part');
      if (index === 0) bodies.push(response);
      else response.end();
    });
    const dispatcher = makeDispatcher();
    const send = () => dispatcher.dispatchEvent(makeLogEvent(server.url));
    await send();
    expect(bodies).to.have.length(1);
    await send();
    for (const response of bodies) await once(response.end(), 'finish');
    await send();
    await Promise.all([send(), send()]);
    expect(ports(server.requests).size).to.equal(2);
  });

  it('leaves no listener on the signal of a request that was answered', async () => {
    const server = await open();
    const dispatcher = makeDispatcher();
    const { signal } = new AbortController();
    for (let n = 0; n < 3; n++) await dispatcher.dispatchEvent(makeLogEvent(server.url), { signal });
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('does not send what was given up while its connection was made', async () => {
    const server = await open();
    const dispatcher = makeDispatcher();
    await dispatcher.dispatchEvent(makeLogEvent(server.url));
    const other = await open();
    const controller = new AbortController();
    const dispatched = dispatcher.dispatchEvent(makeLogEvent(other.url), { signal: controller.signal });
    // It has come as far as the connection by then, which takes a turn of the event loop.
    await Promise.resolve().then(() => Promise.resolve());
    controller.abort(new Error('enough'));
    expect(await dispatched.catch((error: unknown) => error)).to.have.property('message', 'enough');
    await dispatcher.dispatchEvent(makeLogEvent(`${other.origin}/next`));
    expect(other.requests.map(({ url }) => url)).to.deep.equal(['/next']);
  });

  it('ends what is out when it is closed, also after all of its connections had broken', async () => {
    const server = await open(index => (index === 0 ? reset : hang));
    // Nothing else ends it.
    const dispatcher = makeDispatcher({ requestTimeoutMillis: 600_000 });
    expect(await send(dispatcher, server.url)).to.be.instanceOf(Error);
    const hanging = send(dispatcher, server.url);
    await server.received(2);
    await dispatcher.close();
    expect(await hanging).to.be.instanceOf(Error);
  });

  describe('by an undici dispatcher of the application', () => {
    for (const [size, most] of [
      [50_000, 1],
      [500_000, 3],
    ] as const) {
      it(`does not keep its only connection for a body of ${size} bytes that is not needed`, async () => {
        const server = await open(() => answer(200, {}, 'x'.repeat(size)));
        const dispatcher = makeDispatcher({ dispatcher: track(new Agent({ connections: 1 })) });
        for (let n = 0; n < 3; n++)
          expect(await send(dispatcher, server.url)).to.have.property('statusCode', 200);
        expect(ports(server.requests).size).to.equal(most);
      });
    }

    it('gives each request headers of its own, which an interceptor may add to', async () => {
      const server = await open();
      const before: unknown[] = [];
      const agent = track(new Agent()).compose(dispatch => (options, handler) => {
        const headers = options.headers as Record<string, string>;
        before.push({ ...headers });
        headers['x-attempt'] = String(before.length);
        return dispatch(options, handler);
      });
      const dispatcher = makeDispatcher({ dispatcher: agent });
      const logEvent = makeLogEvent(server.url);
      for (let n = 0; n < 2; n++) await dispatcher.dispatchEvent(logEvent);
      expect(server.requests.map(({ headers }) => headers['x-attempt'])).to.deep.equal(['1', '2']);
      expect(before).to.deep.equal([logEvent.headers, logEvent.headers]);
      expect(logEvent.headers).to.not.have.property('x-attempt');
    });

    function track<D extends Dispatcher>(dispatcher: D): D {
      opened.push({ close: () => dispatcher.close() });
      return dispatcher;
    }
  });
});
