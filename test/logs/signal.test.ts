// SPDX-License-Identifier: Apache-2.0
import { context, type Span, trace } from '@opentelemetry/api';
import { createNoopLogger, logs } from '@opentelemetry/api-logs';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type EmitAs,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { CONVERSION, IMPRESSION, useApplication } from './harness.js';

const EMIT_AS = ['span-event', 'log-record', 'both'] as const;
const AT = 1_700_000_000_123;

describe('emitAs', () => {
  const { makeApplication, makeOurs } = useApplication();
  const names = (list: readonly { name?: string; eventName?: string | undefined }[]) =>
    list.map(({ name, eventName }) => name ?? eventName);
  const both = ['optimizely.impression', 'optimizely.conversion'];

  for (const emitAs of [undefined, ...EMIT_AS]) {
    it(`${emitAs ?? 'absent'}: decides what the trace gets; each event is delivered once`, async () => {
      const { inSpan, records, received, processor } = await makeApplication({ processors: [{ emitAs }] });
      const uuids: unknown[] = [];
      const events = inSpan(() => uuids.push(recordImpression(IMPRESSION), recordConversion(CONVERSION)));
      expect(names(events)).to.deep.equal(emitAs === 'log-record' ? [] : both);
      expect(names(records())).to.deep.equal(emitAs === 'log-record' || emitAs === 'both' ? both : []);
      expect((await received()).map(({ uuid }) => uuid)).to.deep.equal(uuids);
      expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 2, dropped: {} });
    });
  }

  it('log: hands the event over at once, whatever becomes of its record and its span', async () => {
    const { tracer, records, received } = await makeApplication({
      processors: [{ emitAs: 'log-record' }],
      sampler: new AlwaysOffSampler(),
    });
    const ended = tracer.startSpan('ended');
    ended.end();
    const unsampled = tracer.startSpan('never ends');
    const uuids = [
      recordImpression(IMPRESSION),
      recordImpression(IMPRESSION, unsampled),
      recordImpression(IMPRESSION, ended),
    ];
    expect((await received()).map(({ uuid }) => uuid)).to.deep.equal(uuids);
    expect(records().map(({ spanContext }) => spanContext?.spanId)).to.deep.equal([
      undefined,
      unsampled.spanContext().spanId,
      ended.spanContext().spanId,
    ]);
  });

  it('both: a conversion in the millisecond of an impression has the next one everywhere', async () => {
    const { processor, inSpan, records, received, runtime } = await makeApplication({
      processors: [{ emitAs: 'both' }],
    });
    const events = inSpan(() => {
      processor.recordImpression(IMPRESSION);
      processor.recordConversion(CONVERSION);
    });
    const now = runtime.now();
    const millis = (time: readonly [number, number]) => time[0] * 1_000 + time[1] / 1_000_000;
    expect(events.map(({ time }) => millis(time))).to.deep.equal([now, now + 1]);
    expect(records().map(({ hrTime }) => millis(hrTime))).to.deep.equal([now, now + 1]);
    const [impression, conversion] = await received();
    expect([impression?.timestamp, conversion?.timestamp]).to.deep.equal([now, now + 1]);
    expect(conversion?.problems).to.deep.equal([]);
  });

  it('log: the record has the time of the event, the span it was recorded on, and the severity of information', async () => {
    const { tracer, records } = await makeApplication({ processors: [{ emitAs: 'log-record' }] });
    const given = tracer.startSpan('given');
    tracer.startActiveSpan('active', active => {
      recordImpression({ ...IMPRESSION, timestamp: AT });
      recordImpression({ ...IMPRESSION, timestamp: AT }, given);
      const [first, second] = records();
      expect(first?.spanContext).to.deep.equal(active.spanContext());
      expect(second?.spanContext).to.deep.equal(given.spanContext());
      expect(first).to.deep.include({ hrTime: [1_700_000_000, 123_000_000], severityNumber: 9 });
      expect(first?.instrumentationScope.name).to.equal('opentelemetry-exporter-optimizely');
    });
  });

  for (const traceDetail of ['minimal', 'full', 'none'] as const) {
    it(`both: record and span event have the same attributes with traceDetail ${traceDetail}`, async () => {
      const { inSpan, records, received } = await makeApplication({
        processors: [{ emitAs: 'both', traceDetail }],
      });
      const events = inSpan(() => {
        recordImpression(IMPRESSION);
        recordConversion(CONVERSION);
      });
      expect(events.map(({ attributes }) => attributes)).to.deep.equal(
        records().map(({ attributes }) => attributes),
      );
      expect(events).to.have.length(traceDetail === 'none' ? 0 : 2);
      const text = JSON.stringify(records().map(({ attributes }) => attributes));
      for (const personal of ['visitor-1', 'gold', '4200']) {
        expect(text.includes(personal), personal).to.equal(traceDetail === 'full');
      }
      expect(await received()).to.have.length(2);
    });
  }

  it('a record shows no more than Optimizely is sent', async () => {
    const { inSpan, records } = await makeApplication({
      processors: [
        {
          emitAs: 'log-record',
          traceDetail: 'full',
          userIdHashKey: 'sixteen characters',
          allowedAttributes: ['sku'],
        },
      ],
    });
    inSpan(() => {
      recordImpression(IMPRESSION);
      recordConversion(CONVERSION);
    });
    const [impression, conversion] = records().map(({ attributes }) => attributes);
    expect(impression?.['feature_flag.context.id']).to.match(/^[0-9a-f]{64}$/);
    expect(impression?.['optimizely.user.attributes']).to.equal('{}');
    expect(conversion?.['optimizely.event.tags']).to.equal('{"sku":"a"}');
  });

  describe('with several processors', () => {
    async function record(...processors: Partial<OptimizelySpanProcessorOptions>[]) {
      const application = await makeApplication({ processors });
      const events = application.inSpan(() => recordImpression(IMPRESSION));
      for (const { received } of application.ours) expect(await received()).to.have.length(1);
      return { ...application, events };
    }

    for (const [first, second, wantsSpan, wantsLog] of [
      ['span-event', 'log-record', 1, 1],
      ['log-record', 'span-event', 1, 1],
      ['log-record', 'log-record', 0, 1],
      ['span-event', 'both', 1, 1],
      ['span-event', 'span-event', 1, 0],
    ] as [EmitAs, EmitAs, number, number][]) {
      it(`${first} and ${second}: emits the union, each once`, async () => {
        const { events, records } = await record({ emitAs: first }, { emitAs: second });
        expect([events.length, records().length]).to.deep.equal([wantsSpan, wantsLog]);
      });
    }

    it('the strictest traceDetail win', async () => {
      const full = { emitAs: 'both', traceDetail: 'full' } as const;
      const { events, records } = await record(full, { traceDetail: 'minimal' });
      expect(JSON.stringify([events, records().map(({ attributes }) => attributes)])).not.to.include(
        'visitor-1',
      );
      const none = await record(full, { traceDetail: 'none' });
      expect([none.events, none.records()]).to.deep.equal([[], []]);
    });

    it('takes the log processor of any of them that gets the event', async () => {
      const { inSpan, ours, records } = await makeApplication({ processors: [{ emitAs: 'log-record' }] });
      const without = await makeOurs({ emitAs: 'log-record' });
      expect(recordImpression(IMPRESSION), 'no span: both get it').to.be.a('string');
      expect(records()).to.have.length(1);
      expect(without.logger.at('warn')).to.deep.equal([]);
      for (const { received } of [...ours, without]) expect(await received()).to.have.length(1);
      inSpan(() => {});
    });

    it('a record is taken by none whose log processor it passes: they got it, or it is not for them', async () => {
      const { ours, inSpan, records } = await makeApplication({
        processors: [{ emitAs: 'log-record', traceDetail: 'full' }, {}],
      });
      const [first, second] = ours;
      inSpan(() => first?.processor.recordImpression(IMPRESSION));
      expect(records()).to.have.length(1);
      expect(await first?.received()).to.have.length(1);
      expect(await second?.received()).to.deep.equal([]);
    });

    it('also where something on the way copies the time of the record', async () => {
      const copies: LogRecordProcessor = {
        onEmit(record) {
          record.hrTime = [...record.hrTime];
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      };
      const { ours } = await makeApplication({
        processors: [{ emitAs: 'log-record', traceDetail: 'full' }, {}],
        before: [copies],
      });
      ours[0]?.processor.recordImpression(IMPRESSION);
      expect(await ours[0]?.received()).to.have.length(1);
      expect(await ours[1]?.received()).to.deep.equal([]);
    });
  });

  describe('where no logger takes the record, adds the span event instead, warns once and delivers:', () => {
    const throwing: LogRecordProcessor = {
      onEmit: () => {
        throw new Error('of the application');
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const noop = { getLogger: () => createNoopLogger() };
    const cases: Record<string, [string, () => Promise<Awaited<ReturnType<typeof makeApplication>>>]> = {
      'no logger provider is registered': ['LoggerProvider', () => of({ global: false })],
      'the registered one is a no-op': [
        'LoggerProvider',
        async () => {
          logs.setGlobalLoggerProvider(noop);
          return of({ global: false });
        },
      ],
      'it was shut down': [
        'LoggerProvider',
        async () => {
          const application = await of({});
          await application.loggerProvider.shutdown();
          return application;
        },
      ],
      'a log processor throws': ['failed, Error', () => of({ before: [throwing] })],
    };
    const of = (options: object) => makeApplication({ processors: [{ emitAs: 'log-record' }], ...options });

    for (const [name, [says, make]] of Object.entries(cases)) {
      it(name, async () => {
        const application = await make();
        await expectSpanEvents(application, application.inSpan, says);
      });
    }

    it('there is no OptimizelyLogRecordProcessor', async () => {
      const { tracerProvider } = await makeApplication();
      const alone = await makeOurs({ emitAs: 'log-record' });
      const spans: { events: unknown[] }[] = [];
      const inSpan = (act: () => void) => {
        const span = tracerProvider.getTracer('x').startSpan('request');
        context.with(trace.setSpan(context.active(), span), act);
        spans.push(span as never);
        return (span as Span & { events: { name: string }[] }).events;
      };
      const record = () => void alone.processor.recordImpression(IMPRESSION);
      await expectSpanEvents(alone, inSpan, 'OptimizelyLogRecordProcessor', record);
    });

    async function expectSpanEvents(
      { logger, received }: Pick<Awaited<ReturnType<typeof makeOurs>>, 'logger' | 'received'>,
      inSpan: (act: () => void) => { name: string }[],
      says: string,
      record: () => void = () => void recordImpression(IMPRESSION),
    ) {
      for (let n = 0; n < 2; n++) expect(names(inSpan(record))).to.deep.equal(['optimizely.impression']);
      record();
      expect(logger.at('warn')).to.have.length(1);
      expect(logger.at('warn')[0]).to.include(says).and.include('span events are added instead');
      expect(await received()).to.have.length(3);
    }
  });

  it('follows the provider that is registered at the moment, and one that it is told of', async () => {
    const first = await makeApplication({ processors: [{ emitAs: 'log-record' }] });
    recordImpression(IMPRESSION);
    logs.disable();
    const emitted: object[] = [];
    const logger = {
      ...createNoopLogger(),
      enabled: () => true,
      emit: (record: object) => void emitted.push(record),
    };
    logs.setGlobalLoggerProvider({ getLogger: () => logger });
    recordImpression(IMPRESSION);
    expect([first.records().length, emitted.length]).to.deep.equal([1, 1]);

    new OptimizelyLogRecordProcessor(first.processor, { getLoggerProvider: () => first.loggerProvider });
    recordImpression(IMPRESSION);
    expect([first.records().length, emitted.length]).to.deep.equal([2, 1]);
    expect(await first.received()).to.have.length(3);
  });

  it('an input that is refused is emitted as nothing', async () => {
    const { records, processor } = await makeApplication({ processors: [{ emitAs: 'log-record' }] });
    recordImpression({ userId: 'visitor-1' });
    expect(records()).to.deep.equal([]);
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1 });
  });
});
