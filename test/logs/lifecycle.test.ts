// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { context, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { expect } from 'chai';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher } from '../support/fakes.js';
import { CONVERSION, IMPRESSION, RAW_CONVERSION, RAW_IMPRESSION, useApplication } from './harness.js';

const require = createRequire(import.meta.url);
const NAME = 'opentelemetry-exporter-optimizely';
const UUID = 'optimizely.event.uuid';
type Copy = typeof import('opentelemetry-exporter-optimizely') &
  typeof import('opentelemetry-exporter-optimizely/logs');

describe('OptimizelyLogRecordProcessor', () => {
  const { makeApplication, makeOurs } = useApplication();

  it('is a LogRecordProcessor of the SDK, by structure', async () => {
    const { processor } = await makeOurs();
    const logProcessor: LogRecordProcessor = new OptimizelyLogRecordProcessor(processor);
    expect(logProcessor).to.respondTo('onEmit');
  });

  it('takes an OptimizelySpanProcessor only', () => {
    for (const wrong of [undefined, null, {}, 'processor', { forceFlush: async () => {} }]) {
      expect(() => new OptimizelyLogRecordProcessor(wrong as never)).to.throw(
        TypeError,
        'new OptimizelyLogRecordProcessor(optimizelySpanProcessor)',
      );
    }
  });

  for (const [theirs, spanProcessors] of [
    ['ESM', 'CommonJS'],
    ['CommonJS', 'ESM'],
  ] as const) {
    it(`of the ${theirs} copy serves a span processor of the ${spanProcessors} copy`, async () => {
      const copies = {
        ESM: { ...(await import(NAME)), ...(await import(`${NAME}/logs`)) } as Copy,
        CommonJS: { ...require(NAME), ...require(`${NAME}/logs`) } as Copy,
      };
      expect(copies.ESM.OptimizelyLogRecordProcessor).not.to.equal(
        copies.CommonJS.OptimizelyLogRecordProcessor,
      );
      const dispatcher = new RecordingDispatcher();
      const processor = new copies[spanProcessors].OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: dispatcher,
        emitAs: 'log-record',
      });
      const records = new InMemoryLogRecordExporter();
      const provider = new LoggerProvider({
        processors: [
          new copies[theirs].OptimizelyLogRecordProcessor(processor),
          new SimpleLogRecordProcessor({ exporter: records }),
        ],
      });
      logs.setGlobalLoggerProvider(provider);
      provider
        .getLogger('x')
        .emit({ ...RAW_IMPRESSION, attributes: { ...RAW_IMPRESSION.attributes, [UUID]: 'raw' } });
      const uuid = copies[theirs].recordConversion(CONVERSION);
      expect(records.getFinishedLogRecords()).to.have.length(2);
      await processor.shutdown();
      expect(dispatcher.uuids).to.deep.equal(['raw', uuid]);
    });
  }

  it('forceFlush delivers what was emitted before it', async () => {
    const { log, endpoint, loggerProvider } = await makeApplication();
    log.emit(RAW_IMPRESSION);
    await loggerProvider.forceFlush();
    expect(endpoint.batches).to.have.length(1);
  });

  it('shutdown delivers, and leaves the span processor to its tracer provider', async () => {
    const { log, endpoint, processor, loggerProvider, received } = await makeApplication();
    log.emit(RAW_IMPRESSION);
    await loggerProvider.shutdown();
    expect(endpoint.batches).to.have.length(1);
    log.emit(RAW_IMPRESSION);
    expect(processor.recordConversion(CONVERSION)).to.be.a('string');
    expect((await received()).map(({ type }) => type)).to.deep.equal(['impression', 'conversion']);
  });

  it('takes nothing after its shutdown, even from a provider that goes on', async () => {
    const { processor, received } = await makeOurs();
    const ours = new OptimizelyLogRecordProcessor(processor);
    const provider = new LoggerProvider({ processors: [ours] });
    const stopped = ours.shutdown();
    expect(ours.shutdown()).to.equal(stopped);
    await stopped;
    provider.getLogger('x').emit(RAW_IMPRESSION);
    expect(await received()).to.deep.equal([]);
  });

  it('works in a NodeSDK, which shuts both processors down at once', async () => {
    const { processor, endpoint } = await makeOurs({ emitAs: 'log-record' });
    const records = new InMemoryLogRecordExporter();
    context.disable();
    const sdk = new NodeSDK({
      autoDetectResources: false,
      instrumentations: [],
      metricReaders: [],
      spanProcessors: [processor],
      logRecordProcessors: [
        new OptimizelyLogRecordProcessor(processor),
        new SimpleLogRecordProcessor({ exporter: records }),
      ],
    });
    sdk.start();
    try {
      trace.getTracer('x').startActiveSpan('request', span => {
        recordImpression(IMPRESSION);
        logs.getLogger('somebody').emit(RAW_CONVERSION);
        span.end();
      });
      recordConversion(CONVERSION);
      expect(records.getFinishedLogRecords()).to.have.length(3);
    } finally {
      await sdk.shutdown();
      context.disable();
    }
    expect(endpoint.batches.flatMap(({ events }) => events)).to.have.length(3);
    expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 3, pending: 0 });
  });
});
