// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { EventDispatcher, LogEvent, LogEventLike } from 'opentelemetry-exporter-optimizely';
import { InMemoryEventDispatcher } from 'opentelemetry-exporter-optimizely/testing';
import { batchOf, conversion, impression } from './batches.js';

function makeLogEvent(...visitors: unknown[]): LogEvent {
  const params = batchOf(visitors) as unknown as LogEvent['params'];
  const headers = { 'Content-Type': 'application/json' };
  return {
    httpVerb: 'POST',
    url: 'http://127.0.0.1/v1/events',
    params,
    headers,
    body: JSON.stringify(params),
  };
}

describe('InMemoryEventDispatcher', () => {
  it('is a dispatcher, answers 204, and keeps a copy that later changes do not reach', async () => {
    const dispatcher = new InMemoryEventDispatcher();
    const logEvent = makeLogEvent(impression());
    const answer = await (dispatcher satisfies EventDispatcher).dispatchEvent(logEvent);
    expect(answer).to.deep.equal({ statusCode: 204 });
    const { body: _body, ...dispatched } = structuredClone(logEvent);
    logEvent.params.visitors.length = 0;
    logEvent.headers.authorization = 'changed';
    expect(dispatcher.logEvents).to.deep.equal([dispatched]);
  });

  it('tells the events flat, in order', async () => {
    const dispatcher = new InMemoryEventDispatcher();
    await dispatcher.dispatchEvent(makeLogEvent(impression({ event: { uuid: 'a' } }), conversion()));
    await dispatcher.dispatchEvent(makeLogEvent(conversion({ event: { uuid: 'c' } })));
    expect(dispatcher.events.map(({ type }) => type)).to.deep.equal([
      'impression',
      'conversion',
      'conversion',
    ]);
    expect(dispatcher.events[0]).to.include({ uuid: 'a', visitorId: 'ada', experimentId: '100' });
    expect(dispatcher.events[2]).to.deep.equal({
      type: 'conversion',
      visitorId: 'ada',
      uuid: 'c',
      timestamp: dispatcher.logEvents[1]?.params.visitors[0]?.snapshots[0]?.events[0]?.timestamp,
      entityId: '300',
      key: 'purchase',
    });
  });

  it('answers what it was told, and counts only what it accepted as received', async () => {
    const dispatcher = new InMemoryEventDispatcher({
      statusCode: 503,
      respond: ({ params }) => (params.visitors.length === 2 ? 200 : undefined),
    });
    expect(await dispatcher.dispatchEvent(makeLogEvent(impression()))).to.deep.equal({ statusCode: 503 });
    expect(dispatcher.events).to.deep.equal([]);
    const two = makeLogEvent(impression(), conversion());
    expect(await dispatcher.dispatchEvent(two)).to.deep.equal({ statusCode: 200 });
    expect(dispatcher.events).to.have.length(2);
    expect(dispatcher.logEvents).to.have.length(2);
  });

  it('rejects with what respond throws, after it kept the LogEvent', async () => {
    const failure = new Error('no answer');
    const dispatcher = new InMemoryEventDispatcher({
      respond: () => {
        throw failure;
      },
    });
    const rejection = await dispatcher
      .dispatchEvent(makeLogEvent(impression()))
      .catch((error: unknown) => error);
    expect(rejection).to.equal(failure);
    expect(dispatcher.logEvents).to.have.length(1);
    expect(dispatcher.events).to.deep.equal([]);
  });

  it('rejects with the reason of an aborted signal, and dispatches nothing', async () => {
    const dispatcher = new InMemoryEventDispatcher();
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    const rejection = await dispatcher
      .dispatchEvent(makeLogEvent(impression()), { signal })
      .catch((error: unknown) => error);
    expect(rejection).to.equal(reason);
    expect(dispatcher.logEvents).to.deep.equal([]);
  });

  it("takes LogEvents of Optimizely's JavaScript SDK, and what is none", async () => {
    const dispatcher = new InMemoryEventDispatcher();
    const { httpVerb, url, params } = makeLogEvent(impression());
    await dispatcher.dispatchEvent({ httpVerb, url, params });
    for (const odd of [undefined, null, 5, [], { visitors: [null] }]) {
      await dispatcher.dispatchEvent({ httpVerb, url, params: odd } as LogEventLike);
    }
    expect(dispatcher.logEvents).to.have.length(6);
    expect(dispatcher.events).to.have.length(1);
  });

  it('forgets everything at a reset, but not what it handed out', async () => {
    const dispatcher = new InMemoryEventDispatcher();
    await dispatcher.dispatchEvent(makeLogEvent(impression()));
    const { logEvents, events } = dispatcher;
    dispatcher.reset();
    expect([dispatcher.logEvents, dispatcher.events]).to.deep.equal([[], []]);
    expect([logEvents.length, events.length]).to.deep.equal([1, 1]);
  });
});
