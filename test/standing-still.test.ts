// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { StallingRuntime } from './support/stalling-runtime.js';

/** A processor whose endpoint takes so long to answer. */
function makeHarness(answerMillis: number, options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const [runtime, dispatcher, logger] = [
    new StallingRuntime(),
    new RecordingDispatcher(),
    new RecordingLogger(),
  ];
  let isEndpointStill = false;
  const waiting: (() => void)[] = [];
  dispatcher.answer = () =>
    new Promise(resolve => {
      const answer = () => resolve({ statusCode: 204 });
      // What happens elsewhere is read only after the timers.
      runtime.setTimer(() => (isEndpointStill ? waiting.push(answer) : answer()), answerMillis);
    });
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    install: false,
    batchSize: 1,
    runtime,
    logger,
    ...options,
  } as OptimizelySpanProcessorOptions);
  const record = () => processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
  const standStill = async (millis: number) => {
    isEndpointStill = true;
    await runtime.stall(millis);
    isEndpointStill = false;
    for (const answer of waiting.splice(0)) answer();
    await runtime.advance(0);
  };
  return { processor, runtime, dispatcher, logger, record, standStill };
}

describe('a process that stands still', () => {
  for (const millis of [8_000, 60_000, 86_400_000 / 2]) {
    it(`for ${millis} ms within a shutdown loses no event that the endpoint took meanwhile`, async () => {
      const { processor, runtime, record, standStill, logger } = makeHarness(2_000);
      record();
      await runtime.advance(1_000);
      const ended = processor.shutdown();
      await standStill(millis);
      await runtime.advance(0);
      await ended;
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: {} });
      expect(logger.lines).to.deep.equal([]);
    });

    it(`for ${millis} ms within a shutdown has time left for what was yet to be sent`, async () => {
      const { processor, runtime, record, standStill, dispatcher } = makeHarness(2_000, {
        maxConcurrentRequests: 1,
      });
      for (let n = 0; n < 2; n++) record();
      await runtime.advance(1_000);
      const ended = processor.shutdown();
      await standStill(millis);
      await runtime.advance(4_900);
      await ended;
      expect(dispatcher.attempts).to.equal(2);
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0, dropped: {} });
    });

    it(`for ${millis} ms while a request is out takes its answer, and reports no failure`, async () => {
      const { processor, runtime, record, standStill, logger, dispatcher } = makeHarness(2_000);
      record();
      await runtime.advance(1_000);
      await standStill(millis);
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
      expect(dispatcher.attempts).to.equal(1);
      expect(logger.lines).to.deep.equal([]);
      const ended = processor.shutdown();
      await runtime.advance(0);
      await ended;
    });
  }

  it('again and again, hours apart, takes the answer of the request that is out each time', async () => {
    const { processor, runtime, record, standStill, logger, dispatcher } = makeHarness(2_000);
    for (let n = 1; n <= 5; n++) {
      record();
      await runtime.advance(1_000);
      await standStill(60_000);
      expect(processor.ledger()).to.deep.include({ delivered: n, pending: 0 });
      expect(dispatcher.attempts).to.equal(n);
      await runtime.advance(3_600_000);
    }
    expect(logger.lines).to.deep.equal([]);
    const ended = processor.shutdown();
    await runtime.advance(0);
    await ended;
  });

  it('a second time before it has read what came the first time takes the answer all the same', async () => {
    const { processor, runtime, record, standStill, logger, dispatcher } = makeHarness(12_000);
    // The requests of both are out at once, so that there is never a moment without one.
    record();
    await runtime.advance(1_000);
    record();
    for (let n = 0; n < 2; n++) await standStill(9_500);
    await runtime.advance(2_000);
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    expect(dispatcher.attempts).to.equal(2);
    expect(logger.lines).to.deep.equal([]);
    const ended = processor.shutdown();
    await runtime.advance(0);
    await ended;
  });

  it('gets no more than the same time again, whatever it does', async () => {
    const { processor, runtime, record, standStill } = makeHarness(1_000_000);
    record();
    await runtime.advance(1_000);
    let hasEnded = false;
    const ended = processor.shutdown().then(() => {
      hasEnded = true;
    });
    await standStill(20_000);
    await runtime.advance(4_999);
    expect(hasEnded).to.equal(false);
    await standStill(20_000);
    await runtime.advance(200);
    await ended;
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 1 } });
  });

  it('again and again ends a request that is not answered all the same', async () => {
    const { processor, runtime, record, standStill, logger } = makeHarness(1_000_000, {
      requestTimeoutMillis: 3_000,
    });
    record();
    await runtime.advance(0);
    for (let n = 0; n < 5; n++) await standStill(4_000);
    expect(logger.at('warn')).to.deep.equal([]);
    await standStill(4_000);
    expect(logger.at('warn')[0]).to.include('TimeoutError');
    const ended = processor.shutdown();
    await runtime.advance(20_000);
    await ended;
  });
});
