// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { BatchEventProcessor, UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { makeUserEvent, RecordingLogger } from './support/fakes.js';
import { answer, type Behavior, hang, hangUp, reset, startServer } from './support/hostile-server.js';

describe('delivery over a real connection', () => {
  const faults: Record<string, Behavior> = {
    'a reset': reset,
    'a closed connection': hangUp,
    '408': answer(408),
    '429': answer(429),
    '500': answer(500),
    '503': answer(503, {}, 'try later'),
    '401': answer(401),
    '403': answer(403),
    '302': answer(302, { Location: 'http://127.0.0.1:1/' }),
  };
  for (const [name, fault] of Object.entries(faults)) {
    it(`tries again after ${name}, with the same bytes`, async () => {
      const server = await startServer(index => (index < 2 ? fault : answer(204)));
      const dispatcher = new UndiciEventDispatcher();
      const processor = new BatchEventProcessor({
        eventDispatcher: dispatcher,
        endpoint: server.url,
        retry: { initialDelayMillis: 1, maxDelayMillis: 2 },
      });
      processor.process(makeUserEvent());
      processor.process(makeUserEvent());
      await processor.flush();
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0, dropped: {} });
      expect(server.requests).to.have.length(3);
      expect(new Set(server.requests.map(request => request.body)).size).to.equal(1);
      await processor.stop();
      await dispatcher.close();
      await server.close();
    });
  }

  for (const [status, reason] of [
    [400, 'rejected'],
    [411, 'rejected'],
    [414, 'rejected'],
    [415, 'rejected'],
    [422, 'rejected'],
    [431, 'rejected'],
    [501, 'rejected'],
    [413, 'too_large'],
  ] as const) {
    it(`drops a single event that is answered ${status} as ${reason}, counted and logged`, async () => {
      const server = await startServer(() => answer(status));
      const dispatcher = new UndiciEventDispatcher();
      const logger = new RecordingLogger();
      const processor = new BatchEventProcessor({
        eventDispatcher: dispatcher,
        endpoint: server.url,
        logger,
      });
      processor.process(makeUserEvent());
      await processor.flush();
      expect(processor.ledger()).to.deep.include({ delivered: 0, pending: 0, dropped: { [reason]: 1 } });
      expect(server.requests).to.have.length(1);
      expect(logger.at('error').join()).to.include(String(status));
      await processor.stop();
      await dispatcher.close();
      await server.close();
    });
  }

  it('ends a hanging request at its deadline and tries again', async () => {
    const server = await startServer(index => (index === 0 ? hang : answer(204)));
    const dispatcher = new UndiciEventDispatcher();
    const processor = new BatchEventProcessor({
      eventDispatcher: dispatcher,
      endpoint: server.url,
      requestTimeoutMillis: 40,
      retry: { initialDelayMillis: 1 },
    });
    processor.process(makeUserEvent());
    await processor.flush();
    expect(processor.ledger().delivered).to.equal(1);
    expect(server.requests).to.have.length(2);
    await processor.stop();
    await dispatcher.close();
    await server.close();
  });
});
