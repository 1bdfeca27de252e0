// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { makeContext, makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

const CONVERSION = { userId: 'visitor', eventKey: 'purchase' };

describe('a processor that is not installed', () => {
  const opened: OptimizelySpanProcessor[] = [];
  afterEach(async () => {
    for (const processor of opened.splice(0)) await processor.shutdown();
  });

  function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const eventDispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher,
      logger: new RecordingLogger(),
      runtime: new ManualRuntime(),
      ...options,
    });
    opened.push(processor);
    return { processor, eventDispatcher };
  }

  it('gets nothing that the helpers record, with a span or without', async () => {
    const { processor } = makeProcessor({ install: false });
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    const span = provider.getTracer('test').startSpan('span');
    expect(recordConversion(CONVERSION)).to.equal(undefined);
    expect(recordConversion(CONVERSION, span)).to.equal(undefined);
    expect(processor.ledger().recorded).to.equal(0);
  });

  it('leaves events to those that are installed, and what they show in the trace', () => {
    const { processor } = makeProcessor({ install: false, traceDetail: 'none' });
    const { processor: installed } = makeProcessor({ traceDetail: 'full' });
    const provider = new BasicTracerProvider({ spanProcessors: [installed] });
    const span = provider.getTracer('test').startSpan('span');
    expect(recordConversion(CONVERSION, span)).to.be.a('string');
    expect(installed.ledger().recorded).to.equal(1);
    expect(processor.ledger().recorded).to.equal(0);
    const { events } = span as unknown as { events: { attributes: Record<string, unknown> }[] };
    expect(events[0]?.attributes['feature_flag.context.id']).to.equal('visitor');
  });

  it('delivers what its own methods are given', async () => {
    const { processor, eventDispatcher } = makeProcessor({ install: false });
    expect(processor.recordConversion(CONVERSION)).to.be.a('string');
    expect(processor.process(makeUserEvent({ context: makeContext() }), undefined, null)).to.equal(true);
    await processor.shutdown();
    expect(eventDispatcher.uuids).to.have.length(2);
  });
});
