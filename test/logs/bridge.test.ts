// SPDX-License-Identifier: Apache-2.0

import { trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { CONVERSION, IMPRESSION, RAW_CONVERSION, RAW_IMPRESSION, useApplication } from './harness.js';
import { BRIDGED_TIMES, SpanEventBridge } from './span-event-bridge.js';

const UUID = 'optimizely.event.uuid';

describe('span events that a bridge makes of log records', () => {
  const { makeApplication, makeOurs } = useApplication();

  for (const [form, timeOf] of Object.entries(BRIDGED_TIMES)) {
    for (const place of ['before', 'after'] as const) {
      describe(`a bridge ${place} us, which passes the time on ${form}`, () => {
        const make = (processors: object[] = [{}]) =>
          makeApplication({ processors, [place]: [new SpanEventBridge(timeOf)] });

        for (const emitAs of ['log-record', 'both'] as const) {
          for (const traceDetail of ['minimal', 'full'] as const) {
            it(`events of the helpers are delivered once, emitAs ${emitAs}, ${traceDetail}`, async () => {
              const { inSpan, received, processor } = await make([{ emitAs, traceDetail }]);
              const uuids: unknown[] = [];
              const events = inSpan(() =>
                uuids.push(recordImpression(IMPRESSION), recordConversion(CONVERSION)),
              );
              expect(events, 'the bridge works').to.have.length(emitAs === 'both' ? 4 : 2);
              expect((await received()).map(({ uuid }) => uuid)).to.deep.equal(uuids);
              expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 2, dropped: {} });
            });
          }
        }

        it('raw log records are delivered once, with a uuid and without, alike ones too', async () => {
          const { log, inSpan, received, processor } = await make();
          const timestamp = 1_700_000_000_123;
          const events = inSpan(() => {
            for (const raw of [RAW_IMPRESSION, RAW_IMPRESSION, RAW_CONVERSION])
              log.emit({ ...raw, timestamp });
            log.emit({ ...RAW_CONVERSION, attributes: { ...RAW_CONVERSION.attributes, [UUID]: 'given' } });
          });
          expect(events, 'the bridge works').to.have.length(4);
          expect((await received()).map(({ type }) => type)).to.deep.equal([
            'impression',
            'impression',
            'conversion',
            'conversion',
          ]);
          expect(processor.ledger()).to.deep.include({ recorded: 4, delivered: 4, dropped: {} });
        });

        it('are refused once where they cannot be read', async () => {
          const { log, inSpan, processor } = await make();
          inSpan(() => {
            log.emit({ ...RAW_IMPRESSION, attributes: { 'feature_flag.key': 'checkout' } });
            log.emit({
              ...RAW_IMPRESSION,
              attributes: { ...RAW_IMPRESSION.attributes, 'optimizely.rule.type': 'x' },
            });
          });
          expect(processor.ledger()).to.deep.include({ recorded: 2, dropped: { invalid: 2 } });
        });

        it('reach each of two processors once', async () => {
          const { log, inSpan, ours } = await make([{}, {}]);
          inSpan(() => log.emit(RAW_IMPRESSION));
          for (const { received } of ours) expect(await received()).to.have.length(1);
        });
      });
    }
  }

  it('a processor without a log processor takes them at the end of the span, one with does not take them again', async () => {
    const [without, withLogs] = [await makeOurs(), await makeApplication()];
    const provider = new BasicTracerProvider({ spanProcessors: [without.processor, withLogs.processor] });
    const loggerProvider = new LoggerProvider({
      processors: [new SpanEventBridge(time => time)],
    });
    const emit = (log: { emit(record: object): void }) =>
      provider.getTracer('x').startActiveSpan('request', span => {
        log.emit(RAW_IMPRESSION);
        span.end();
      });
    emit(loggerProvider.getLogger('x'));
    expect(await without.received(), 'bridged only').to.have.length(1);
    expect(await withLogs.received(), 'bridged only').to.have.length(1);

    const bridged = await makeApplication({ after: [new SpanEventBridge(time => time)] });
    const second = await makeOurs();
    const both = new BasicTracerProvider({ spanProcessors: [second.processor, bridged.processor] });
    both.getTracer('x').startActiveSpan('request', span => {
      bridged.log.emit(RAW_IMPRESSION);
      span.end();
    });
    expect(await second.received()).to.have.length(1);
    expect(await bridged.received()).to.have.length(1);
  });

  it('span events that look alike, but that no bridge made, are all taken', async () => {
    const { log, inSpan, tracer, received } = await makeApplication();
    const timestamp = 1_700_000_000_123;
    const { eventName, attributes } = RAW_CONVERSION;
    inSpan(() => {
      log.emit({ ...RAW_CONVERSION, timestamp });
      const ofAnother = { ...attributes, 'feature_flag.context.id': 'another' };
      trace.getActiveSpan()?.addEvent(eventName, ofAnother, timestamp);
      trace.getActiveSpan()?.addEvent(eventName, attributes, timestamp + 1);
    });
    const span = tracer.startSpan('another span');
    for (let n = 0; n < 2; n++) span.addEvent(eventName, attributes, timestamp);
    span.end();
    expect(await received()).to.have.length(5);
  });

  it('the mark of one processor stays where another sees the span event first', async () => {
    const [first, second] = [await makeOurs(), await makeOurs()];
    const { eventName, attributes } = RAW_CONVERSION;
    const record = {
      eventName,
      attributes,
      hrTime: [1_700_000_000, 0] as [number, number],
      setAttribute() {},
    };
    new OptimizelyLogRecordProcessor(first.processor).onEmit(record);
    const span = { events: [{ name: eventName, attributes, time: record.hrTime }] };
    second.processor.onEnd(span);
    first.processor.onEnd(span);
    for (const { received } of [first, second]) expect(await received()).to.have.length(1);
  });

  it('are known by the mark on their time where the span keeps none of their attributes', async () => {
    for (const place of ['before', 'after']) {
      const { log, inSpan, received, processor } = await makeApplication({
        processors: [{ emitAs: 'log-record' }],
        spanLimits: { attributePerEventCountLimit: 1 },
        [place]: [new SpanEventBridge(time => time)],
      });
      const events = inSpan(() => {
        recordImpression(IMPRESSION);
        if (place === 'after') log.emit(RAW_CONVERSION);
      });
      expect(events).to.have.length(place === 'after' ? 2 : 1);
      expect(await received()).to.have.length(events.length);
      expect(processor.ledger().dropped).to.deep.equal({});
    }
  });

  it('what is remembered of them is bounded', async () => {
    const { log, processor } = await makeApplication({ processors: [{ maxQueueSize: 20_000 }] });
    const emit = (uuid: string | number) => {
      const attributes = { ...RAW_CONVERSION.attributes, [UUID]: String(uuid) };
      log.emit({ ...RAW_CONVERSION, attributes, timestamp: 1_700_000_000_123 });
      return processor.ledger().recorded;
    };
    for (let uuid = 0; uuid < 10_000; uuid++) emit(uuid);
    expect(emit(0), 'the oldest is remembered').to.equal(10_000);
    expect(emit('one more')).to.equal(10_001);
    expect(emit(0), 'and now forgotten').to.equal(10_002);
  });
});
