// SPDX-License-Identifier: Apache-2.0
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect } from 'chai';
import {
  type AnyEventDispatcher,
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  EventFactory,
  NotificationCenter,
  NotificationType,
  UndiciEventDispatcher,
  type UndiciEventDispatcherOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeUserEvent } from '../support/fakes.js';
import { answer, type Behavior, hang, reset, startServer } from '../support/hostile-server.js';

const MOST_CONNECTIONS = 64;
/** Frames from the end of the stack in which not even a promise can be made. */
const TOO_NEAR = 60;

describe('connections of UndiciEventDispatcher', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async (...behavior: Parameters<typeof startServer>) => {
    const server = await startServer(...behavior);
    opened.push(server);
    return server;
  };
  /** A server that may keep its answers back. */
  const openHolding = async () => {
    const held: (() => void)[] = [];
    let isHolding = false;
    const server = await open(() => response => {
      const end = () => void response.writeHead(204).end();
      if (isHolding) held.push(end);
      else end();
    });
    return {
      server,
      holdAnswers: () => {
        isHolding = true;
      },
      releaseAnswers: () => {
        isHolding = false;
        for (const end of held.splice(0)) end();
      },
    };
  };
  const makeDispatcher = (options?: UndiciEventDispatcherOptions) => {
    const dispatcher = new UndiciEventDispatcher(options);
    opened.unshift(dispatcher);
    return dispatcher;
  };
  const makeProcessor = (endpoint: string, options: Partial<BatchEventProcessorOptions> = {}) => {
    const processor = new BatchEventProcessor({
      eventDispatcher: makeDispatcher(),
      endpoint,
      batchSize: 1,
      maxBatchSize: 1,
      maxConcurrentRequests: 1,
      startOnInit: true,
      ...options,
    });
    opened.unshift({ close: () => processor.stop() });
    return processor;
  };
  const makeLogEvent = (endpoint: string) => new EventFactory({ endpoint }).createLogEvent([makeUserEvent()]);
  const ports = (requests: readonly { remotePort: number | undefined }[]) =>
    new Set(requests.map(request => request.remotePort));

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    context.disable();
  });

  const answers: Record<string, Behavior> = {
    'no body': answer(204),
    'an empty body': answer(200, { 'Content-Length': '0' }),
    'a body': answer(200, {}, 'x'.repeat(1_000)),
  };
  for (const [name, behavior] of Object.entries(answers)) {
    it(`are used again for the next request, which begins when an answer with ${name} has come`, async () => {
      const server = await open(() => behavior);
      const processor = makeProcessor(server.url);
      for (let n = 0; n < 20; n++) processor.process(makeUserEvent());
      await processor.flush();
      expect(processor.ledger()).to.deep.include({ delivered: 20, pending: 0 });
      expect(ports(server.requests).size).to.equal(1);
    });
  }

  it('are one for each request that is out', async () => {
    const server = await open();
    const processor = makeProcessor(server.url, { maxConcurrentRequests: 3 });
    for (let n = 0; n < 60; n++) processor.process(makeUserEvent());
    await processor.flush();
    expect(server.requests).to.have.length(60);
    expect(ports(server.requests).size).to.be.at.most(3);
  });

  it('are not used again once one has broken', async () => {
    const server = await open(index => (index === 2 ? reset : answer(204)));
    const processor = makeProcessor(server.url, { retry: { initialDelayMillis: 1, maxDelayMillis: 2 } });
    for (let n = 0; n < 6; n++) processor.process(makeUserEvent());
    await processor.flush();
    expect(processor.ledger()).to.deep.include({ delivered: 6, pending: 0 });
    const [broken, ...others] = [...ports(server.requests)];
    expect(others).to.have.length(1);
    expect(server.requests.slice(3).map(request => request.remotePort)).to.not.include(broken);
  });

  it('are at most 64: more requests wait for one, but for those that are given up meanwhile', async () => {
    const { server, holdAnswers, releaseAnswers } = await openHolding();
    holdAnswers();
    const dispatcher = makeDispatcher();
    const send = (count: number) =>
      Array.from({ length: count }, () => dispatcher.dispatchEvent(makeLogEvent(server.url)));
    const dispatched = send(MOST_CONNECTIONS);
    const controller = new AbortController();
    const givenUp = dispatcher
      .dispatchEvent(makeLogEvent(server.url), { signal: controller.signal })
      .catch((error: unknown) => error);
    dispatched.push(...send(6));
    await server.received(MOST_CONNECTIONS);
    controller.abort(new Error('enough'));
    expect(await givenUp).to.have.property('message', 'enough');
    releaseAnswers();
    for (const { statusCode } of await Promise.all(dispatched)) expect(statusCode).to.equal(204);
    expect(server.requests).to.have.length(MOST_CONNECTIONS + 6);
    await Promise.all(send(MOST_CONNECTIONS));
    expect(ports(server.requests).size, 'none was closed for what was given up').to.equal(MOST_CONNECTIONS);
  });

  it('are no longer waited for when what they were being made for is given up: another takes the place', async () => {
    // One that takes connections and says nothing: TLS is never agreed upon.
    const sockets: Socket[] = [];
    const events = new EventEmitter();
    const silent = createServer(socket => {
      sockets.push(socket.on('error', () => {}));
      events.emit('connected');
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/events`;
    const connected = async (count: number) => {
      while (sockets.length < count) await once(events, 'connected');
    };
    // Longer than a test may take: by the time limit, it would be given up by itself.
    const dispatcher = makeDispatcher({ requestTimeoutMillis: 600_000 });
    const controllers = Array.from({ length: MOST_CONNECTIONS + 1 }, () => new AbortController());
    const errors = controllers.map(({ signal }) =>
      dispatcher.dispatchEvent(makeLogEvent(url), { signal }).catch((error: unknown) => error),
    );
    await connected(MOST_CONNECTIONS);
    controllers[0]?.abort(new Error('enough'));
    expect(await errors[0]).to.have.property('message', 'enough');
    await connected(MOST_CONNECTIONS + 1);
    for (const controller of controllers) controller.abort(new Error('enough'));
    await Promise.all(errors);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('are made for what waits when those that were there have broken', async () => {
    const server = await open(index => (index < MOST_CONNECTIONS ? reset : answer(204)));
    const dispatcher = makeDispatcher();
    const settled = await Promise.allSettled(
      Array.from({ length: MOST_CONNECTIONS + 6 }, () => dispatcher.dispatchEvent(makeLogEvent(server.url))),
    );
    expect(settled.filter(({ status }) => status === 'fulfilled')).to.have.length(6);
  });

  it('end what is out and what waits when they are closed', async () => {
    const server = await open(() => () => {});
    const dispatcher = makeDispatcher();
    // Nothing else ends them.
    const { signal } = new AbortController();
    const errors = Array.from({ length: MOST_CONNECTIONS + 6 }, () =>
      dispatcher.dispatchEvent(makeLogEvent(server.url), { signal }).catch((error: unknown) => error),
    );
    await server.received(MOST_CONNECTIONS);
    await dispatcher.close();
    for (const error of await Promise.all(errors)) expect(error).to.be.instanceOf(Error);
  });

  it('suppress the tracing of requests alone: listeners that an answer has called run as the processor was made', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const server = await open();
    const notificationCenter = new NotificationCenter();
    const seen: unknown[] = [];
    const MADE_IN = Symbol('made in');
    const processor = context.with(ROOT_CONTEXT.setValue(MADE_IN, 'start'), () =>
      makeProcessor(server.url, { notificationCenter }),
    );
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, () => {
      seen.push([isTracingSuppressed(context.active()), context.active().getValue(MADE_IN)]);
    });
    context.with(ROOT_CONTEXT.setValue(MADE_IN, 'a request'), () => {
      for (let n = 0; n < 3; n++) processor.process(makeUserEvent());
    });
    await processor.flush();
    expect(seen).to.deep.equal([
      [false, 'a request'],
      [false, 'start'],
      [false, 'start'],
    ]);
  });

  it('have what waited for one sent untraced, in no context of what was given up for it', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const GIVEN_UP_IN = Symbol('given up in');
    const server = await open(index => (index < MOST_CONNECTIONS ? hang : answer(204)));
    const dispatcher = makeDispatcher();
    const controller = new AbortController();
    const { signal } = controller;
    const hanging = Array.from({ length: MOST_CONNECTIONS }, () =>
      dispatcher.dispatchEvent(makeLogEvent(server.url), { signal }).catch(() => undefined),
    );
    await server.received(MOST_CONNECTIONS);
    const seen: unknown[] = [];
    const see = () => {
      seen.push([isTracingSuppressed(context.active()), context.active().getValue(GIVEN_UP_IN)]);
    };
    const waiting = dispatcher.dispatchEvent(makeLogEvent(server.url));
    // It has come as far as the line by then.
    await dispatcher.dispatchEvent(makeLogEvent(server.url), { signal: AbortSignal.abort() }).catch(() => {});
    channel('undici:request:create').subscribe(see);
    try {
      context.with(ROOT_CONTEXT.setValue(GIVEN_UP_IN, 'another request'), () => controller.abort());
      await Promise.all([waiting, ...hanging]);
    } finally {
      channel('undici:request:create').unsubscribe(see);
    }
    expect(seen).to.deep.equal([[true, undefined]]);
  });

  it("are not lost where requests begin at the end of the application's stack", async () => {
    const { server, holdAnswers, releaseAnswers } = await openHolding();
    const dispatcher = makeDispatcher();
    await dispatcher.dispatchEvent(makeLogEvent(server.url));
    const logEvent = makeLogEvent(server.url);
    const begun: Promise<unknown>[] = [];
    let frames = 0;
    const sendFromTheEnd = (): void => {
      try {
        sendFromTheEnd();
      } catch {
        // The end.
      }
      frames++;
      if (frames > TOO_NEAR && frames % 4 === 0 && frames < TOO_NEAR + 4 * MOST_CONNECTIONS)
        begun.push(dispatcher.dispatchEvent(logEvent).catch(() => undefined));
    };
    for (let n = 0; n < 3; n++) {
      frames = 0;
      sendFromTheEnd();
      await Promise.all(begun.splice(0));
    }
    const before = server.requests.length;
    holdAnswers();
    const dispatched = Array.from({ length: MOST_CONNECTIONS }, () => dispatcher.dispatchEvent(logEvent));
    await server.received(before + MOST_CONNECTIONS);
    releaseAnswers();
    for (const { statusCode } of await Promise.all(dispatched)) expect(statusCode).to.equal(204);
  });

  describe('where the application stands before them', () => {
    const wrappers: Record<string, (own: UndiciEventDispatcher, calls: unknown[]) => AnyEventDispatcher> = {
      'a proxy of dispatchEvent': (own, calls) => {
        own.dispatchEvent = new Proxy(own.dispatchEvent, {
          apply: async (dispatch, self, args) => {
            calls.push(await Reflect.apply(dispatch, self, args));
            return calls.at(-1);
          },
        });
        return own;
      },
      'a function in the place of dispatchEvent': (own, calls) => {
        const dispatch = own.dispatchEvent.bind(own);
        own.dispatchEvent = async (...args) => {
          const response = await dispatch(...args);
          calls.push(response);
          return response;
        };
        return own;
      },
      'a dispatcher that calls it': (own, calls) => ({
        async dispatchEvent(logEvent, options) {
          calls.push(await own.dispatchEvent(logEvent, options));
          return calls.at(-1);
        },
      }),
    };
    for (const [name, wrap] of Object.entries(wrappers)) {
      it(`have each request pass ${name}, with a promise of its answer`, async () => {
        const server = await open(() => answer(202));
        const calls: { statusCode?: number }[] = [];
        const eventDispatcher = wrap(makeDispatcher(), calls);
        const processor = makeProcessor(server.url, { eventDispatcher });
        for (let n = 0; n < 3; n++) processor.process(makeUserEvent());
        await processor.flush();
        expect(calls.map(({ statusCode }) => statusCode)).to.deep.equal([202, 202, 202]);
        expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
      });
    }
  });
});
