// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

const CONVERSION = { 'feature_flag.context.id': 'ada', 'optimizely.event.key': 'purchase' };
const IMPRESSION = {
  'feature_flag.context.id': 'ada',
  'feature_flag.key': 'checkout',
  'optimizely.rule.key': 'checkout_test',
  'feature_flag.result.variant': 'treatment',
};

function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}, spanLimits = {}) {
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    logger,
    runtime: new ManualRuntime(),
    ...options,
  } as OptimizelySpanProcessorOptions);
  const tracer = new BasicTracerProvider({ spanProcessors: [processor], spanLimits }).getTracer('test');
  return { processor, dispatcher, logger, tracer };
}

describe('experiment events added with span.addEvent', () => {
  for (const [limit, warned] of [
    [0, false],
    [Number.POSITIVE_INFINITY, false],
    [1, true],
    [1_000_000, true],
  ] as const) {
    it(`are ${warned ? 'said' : 'not said'} to be unsafe under an attributeValueLengthLimit of ${limit}`, async () => {
      const { processor, logger, tracer } = makeHarness({}, { attributeValueLengthLimit: limit });
      for (let count = 0; count < 3; count++) {
        const span = tracer.startSpan('request');
        span.addEvent('optimizely.conversion', CONVERSION);
        span.end();
      }
      await processor.shutdown();
      const lines = logger.at('warn').filter(line => line.includes('attributeValueLengthLimit'));
      expect(lines).to.have.length(warned ? 1 : 0);
    });
  }

  it('are dropped as invalid, each by the field at fault, where their JSON is none', async () => {
    const { processor, dispatcher, logger, tracer } = makeHarness();
    const span = tracer.startSpan('request');
    for (const json of ['{', '[1]', '"text"', '7']) {
      span.addEvent('optimizely.conversion', { ...CONVERSION, 'optimizely.event.tags': json });
      span.addEvent('optimizely.impression', { ...IMPRESSION, 'optimizely.user.attributes': json });
    }
    span.addEvent('optimizely.conversion', CONVERSION);
    span.end();
    await processor.shutdown();
    expect(processor.ledger()).to.deep.include({ recorded: 9, delivered: 1, dropped: { invalid: 8 } });
    expect(dispatcher.visitors.every(visitor => visitor.visitor_id === 'ada')).to.equal(true);
    const lines = logger.at('warn').join('\n');
    expect(lines).to.include('optimizely.event.tags').and.include('optimizely.user.attributes');
  });

  it('bear no tags as impressions', async () => {
    const { processor, dispatcher, tracer } = makeHarness();
    const span = tracer.startSpan('request');
    span.addEvent('optimizely.impression', { ...IMPRESSION, 'optimizely.event.tags': '{' });
    span.end();
    await processor.shutdown();
    expect(dispatcher.visitors).to.have.length(1);
    expect(dispatcher.visitors[0]?.snapshots[0]?.events[0]).not.to.have.property('tags');
  });

  it('keep the time that they were given, to the millisecond', async () => {
    const { processor, dispatcher, tracer } = makeHarness();
    const span = tracer.startSpan('request');
    span.addEvent('optimizely.conversion', CONVERSION, [1_700_000_000, 123_999_999]);
    span.end();
    await processor.shutdown();
    expect(dispatcher.visitors[0]?.snapshots[0]?.events[0]?.timestamp).to.equal(1_700_000_000_123);
  });

  it('pass beforeSend, then the list of allowed attributes', async () => {
    const { processor, dispatcher, tracer } = makeHarness({
      beforeSend: event => (event.type === 'impression' ? { ...event, attributes: { plan: 'gold' } } : null),
      allowedAttributes: ['country'],
    });
    const span = tracer.startSpan('request');
    span.addEvent('optimizely.impression', IMPRESSION);
    span.addEvent('optimizely.conversion', CONVERSION);
    span.end();
    await processor.shutdown();
    expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 1, dropped: { before_send: 1 } });
    expect(dispatcher.visitors[0]?.attributes.some(({ key }) => key === 'plan')).to.equal(false);
  });
});
