// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  UndiciEventDispatcher,
} from 'opentelemetry-exporter-optimizely';
import { Agent } from 'undici';
import { makeUserEvent } from './support/fakes.js';
import { answer, hang, startServer } from './support/hostile-server.js';

const MEMBERS = ['httpVerb', 'url', 'params', 'headers', 'body'];

describe('a LogEvent that UndiciEventDispatcher sends', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  async function start(
    eventDispatcher: UndiciEventDispatcher,
    options: Partial<BatchEventProcessorOptions> = {},
    behave: Parameters<typeof startServer>[0] = () => answer(204),
  ) {
    const server = await startServer(behave);
    const processor = new BatchEventProcessor({
      eventDispatcher,
      endpoint: server.url,
      startOnInit: true,
      retry: { initialDelayMillis: 1, maxDelayMillis: 1 },
      ...options,
    });
    closing.push(
      () => processor.stop(),
      () => eventDispatcher.close(),
      () => server.close(),
    );
    return { server, processor };
  }

  it('has its members for listeners, who may copy and redact it', async () => {
    const notificationCenter = new NotificationCenter();
    const copies: LogEvent[] = [];
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, logEvent => {
      copies.push({ ...logEvent });
      for (const visitor of logEvent.params.visitors) visitor.visitor_id = 'redacted';
    });
    const { server, processor } = await start(new UndiciEventDispatcher(), { notificationCenter });
    processor.process(makeUserEvent());
    await processor.flush();
    expect(copies.map(copy => Object.keys(copy).sort())).to.deep.equal([[...MEMBERS].sort()]);
    expect(copies[0]?.params.visitors).to.have.length(1);
    const [request] = server.requests;
    expect(JSON.parse(request?.body ?? '').visitors[0].visitor_id).to.equal('redacted');
  });

  it('takes a header that a listener adds with it, and no later one does', async () => {
    const notificationCenter = new NotificationCenter();
    let isFirst = true;
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, logEvent => {
      if (isFirst) logEvent.headers['X-Added'] = 'once';
      isFirst = false;
    });
    const { server, processor } = await start(new UndiciEventDispatcher(), { notificationCenter });
    for (let n = 0; n < 2; n++) {
      processor.process(makeUserEvent());
      await processor.flush();
    }
    expect(server.requests.map(({ headers }) => headers['x-added'])).to.deep.equal(['once', undefined]);
  });

  it('keeps from later ones what an undici dispatcher of the application adds to its headers', async () => {
    const agent = new Agent().compose(dispatch => (options, handler) => {
      const headers = options.headers as Record<string, string>;
      headers[`x-${Object.keys(headers).length}`] = 'added';
      return dispatch(options, handler);
    });
    closing.push(() => agent.close());
    const { server, processor } = await start(new UndiciEventDispatcher({ dispatcher: agent }));
    for (let n = 0; n < 2; n++) {
      processor.process(makeUserEvent());
      await processor.flush();
    }
    expect(server.requests.map(({ headers }) => [headers['x-1'], headers['x-2']])).to.deep.equal([
      ['added', undefined],
      ['added', undefined],
    ]);
  });

  it('has its members for a subclass, which is given a signal that its deadline aborts', async () => {
    const copies: LogEvent[] = [];
    const signals: AbortSignal[] = [];
    class Copying extends UndiciEventDispatcher {
      override dispatchEvent(...[logEvent, options]: Parameters<UndiciEventDispatcher['dispatchEvent']>) {
        const copy = { ...logEvent } as LogEvent;
        copies.push(copy);
        if (options?.signal) signals.push(options.signal);
        return super.dispatchEvent(copy, options);
      }
    }
    const { server, processor } = await start(new Copying(), { requestTimeoutMillis: 100 }, index =>
      index === 0 ? hang : answer(204),
    );
    processor.process(makeUserEvent());
    await processor.flush();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
    expect(copies.map(copy => Object.keys(copy).sort())).to.deep.equal(
      Array.from({ length: 2 }, () => [...MEMBERS].sort()),
    );
    expect(new Set(server.requests.map(({ body }) => body)).size).to.equal(1);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, false]);
  });

  it('has its members for a method that takes the place of the dispatcher’s before a retry', async () => {
    const dispatcher = new UndiciEventDispatcher();
    const seen: LogEvent[] = [];
    const { processor } = await start(dispatcher, {}, () => {
      dispatcher.dispatchEvent = async logEvent => {
        seen.push({ ...logEvent } as LogEvent);
        return { statusCode: 204 };
      };
      return answer(503);
    });
    processor.process(makeUserEvent());
    await processor.flush();
    expect(seen.map(logEvent => Object.keys(logEvent).sort())).to.deep.equal([[...MEMBERS].sort()]);
    expect(seen[0]?.params.visitors).to.have.length(1);
  });
});
