// SPDX-License-Identifier: Apache-2.0
import { context, trace } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { RAW_CONVERSION, RAW_IMPRESSION, useApplication } from './harness.js';

const AT = 1_700_000_000_123;
const UUID = 'optimizely.event.uuid';

describe('log records that code without this package emits', () => {
  const { makeApplication, makeOurs } = useApplication();

  it('are taken as they are emitted, with what they say and when', async () => {
    const { log, endpoint, received } = await makeApplication();
    log.emit({ ...RAW_IMPRESSION, timestamp: AT });
    log.emit({
      ...RAW_CONVERSION,
      timestamp: AT + 1,
      attributes: { ...RAW_CONVERSION.attributes, [UUID]: 'given' },
    });
    const [impression, conversion, ...rest] = await received();
    expect(rest).to.deep.equal([]);
    expect(impression).to.deep.include({
      type: 'impression',
      visitorId: 'visitor-1',
      timestamp: AT,
      experimentId: '200',
      variationId: '2002',
      ruleType: 'feature-test',
      problems: [],
    });
    expect(impression?.uuid).to.match(/^[0-9a-f-]{36}$/);
    expect(conversion).to.deep.include({
      type: 'conversion',
      timestamp: AT + 1,
      uuid: 'given',
      problems: [],
    });
    expect(endpoint.batches).to.have.length(1);
  });

  const attributes = { plan: 'gold', country: 'se' };
  const tags = { revenue: 4200, nested: { list: [1, { a: true }] } };
  for (const [form, of] of [
    ['objects', (value: object) => value],
    ['JSON text', (value: object) => JSON.stringify(value)],
  ] as const) {
    it(`may give user attributes and tags as ${form}`, async () => {
      const { log, endpoint, received } = await makeApplication();
      log.emit({
        ...RAW_CONVERSION,
        attributes: {
          ...RAW_CONVERSION.attributes,
          'optimizely.user.attributes': of(attributes) as never,
          'optimizely.event.tags': of(tags) as never,
        },
      });
      await received();
      const [visitor] = endpoint.batches[0]?.params.visitors ?? [];
      expect(visitor?.attributes.map(({ key, value }) => [key, value])).to.deep.equal(
        Object.entries(attributes),
      );
      expect(visitor?.snapshots[0]?.events[0]).to.deep.include({ revenue: 4200, tags });
    });
  }

  it('are taken with no span, on a span that is not sampled, and after a span has ended', async () => {
    const { log, tracer, received } = await makeApplication({ sampler: new AlwaysOffSampler() });
    log.emit(RAW_IMPRESSION);
    tracer.startActiveSpan('not sampled', span => {
      log.emit(RAW_IMPRESSION);
      span.end();
      log.emit(RAW_IMPRESSION);
    });
    expect(await received()).to.have.length(3);
  });

  it('reach the processor that the log processor was given, and no other', async () => {
    const { log, received } = await makeApplication();
    const other = await makeOurs();
    log.emit(RAW_IMPRESSION);
    expect(await received()).to.have.length(1);
    expect(await other.received()).to.deep.equal([]);
  });

  it('reach each of two processors under one uuid, which the exported record has too', async () => {
    const { log, ours, records, tracer } = await makeApplication({ processors: [{}, {}] });
    tracer.startActiveSpan('request', span => {
      log.emit({ ...RAW_IMPRESSION, timestamp: AT });
      span.end();
    });
    const uuids = (await Promise.all(ours.map(each => each.received()))).map(events =>
      events.map(({ uuid }) => uuid),
    );
    const uuid = records()[0]?.attributes[UUID];
    expect(uuids).to.deep.equal([[uuid], [uuid]]);
    expect(records()[0]?.hrTime).to.deep.equal([AT / 1000 - 0.123, 123_000_000]);
  });

  it('are taken once where two log processors have the same span processor', async () => {
    const { processor, received } = await makeOurs();
    const twice = [new OptimizelyLogRecordProcessor(processor), new OptimizelyLogRecordProcessor(processor)];
    const provider = new LoggerProvider({ processors: twice });
    provider.getLogger('x').emit(RAW_IMPRESSION);
    expect(await received()).to.have.length(1);
    await provider.shutdown();
  });

  it('are all taken where the application gives one time to many, and to span events', async () => {
    const { log, received, tracer } = await makeApplication();
    const timestamp: [number, number] = [1_700_000_000, 0];
    const span = tracer.startSpan('request');
    log.emit({ ...RAW_IMPRESSION, timestamp });
    log.emit({ ...RAW_IMPRESSION, timestamp });
    log.emit({ ...RAW_CONVERSION, timestamp });
    span.addEvent('optimizely.conversion', RAW_CONVERSION.attributes, timestamp);
    span.end();
    expect(await received()).to.have.length(4);
  });

  it('are nothing to us under other names, and leave loggers disabled for those', async () => {
    const { processor, log, received } = await makeApplication();
    log.emit({ body: 'a line' });
    log.emit({ ...RAW_IMPRESSION, eventName: 'somebody.impression' });
    expect(await received()).to.deep.equal([]);
    expect(processor.ledger().recorded).to.equal(0);

    const alone = new LoggerProvider({ processors: [new OptimizelyLogRecordProcessor(processor)] }).getLogger(
      'x',
    );
    expect(alone.enabled({ eventName: 'somebody.impression' })).to.equal(false);
    expect(alone.enabled({ eventName: 'optimizely.impression' })).to.equal(true);
    expect(alone.enabled()).to.equal(true);
  });

  it('are refused where they cannot be read, naming the attribute and never its value', async () => {
    const { processor, logger, log, inSpan } = await makeApplication();
    inSpan(() => {
      log.emit({ ...RAW_IMPRESSION, attributes: { 'feature_flag.key': 'secret' } });
      for (const wrong of ['{"secret', ['secret'], new Uint8Array(1), 7]) {
        log.emit({
          ...RAW_IMPRESSION,
          attributes: { ...RAW_IMPRESSION.attributes, 'optimizely.user.attributes': wrong },
        });
      }
      log.emit({
        ...RAW_CONVERSION,
        attributes: { 'feature_flag.context.id': 'v', 'optimizely.event.key': 7 },
      });
    });
    expect(processor.ledger()).to.deep.include({ recorded: 6, dropped: { invalid: 6 } });
    const lines = logger.at('warn').join('\n');
    expect(lines).to.include('feature_flag.context.id');
    expect(lines).to.include('optimizely.user.attributes');
    expect(lines).to.include('optimizely.event.key');
    expect(lines).not.to.include('secret');
  });

  it('are warned about once where a limit may have cut a user id', async () => {
    const { logger, log } = await makeApplication({
      logging: { logRecordLimits: { attributeValueLengthLimit: 300 } },
    });
    log.emit(RAW_IMPRESSION);
    log.emit(RAW_IMPRESSION);
    expect(logger.at('warn').filter(line => line.includes('attributeValueLengthLimit'))).to.have.length(1);
  });

  it('never make emit throw, whatever they are made of', async () => {
    const { processor, received } = await makeOurs();
    const ours = new OptimizelyLogRecordProcessor(processor);
    const record = (members: object) =>
      ({ hrTime: [1_700_000_000, 0], setAttribute() {}, ...members }) as never;
    const frozen = Object.freeze({
      ...(record(RAW_IMPRESSION) as object),
      hrTime: Object.freeze([1_700_000_000, 0]),
    });
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    ours.onEmit(record({ ...RAW_IMPRESSION, attributes: hostile }));
    ours.onEmit(hostile as never);
    ours.onEmit(record({ eventName: 'optimizely.impression' }));
    ours.onEmit(frozen as never, trace.deleteSpan(context.active()));
    ours.onEmit(
      record({
        ...RAW_CONVERSION,
        setAttribute() {
          throw new Error('hostile');
        },
      }),
    );
    expect((await received()).map(({ type }) => type)).to.deep.equal(['impression', 'conversion']);
  });

  it('are counted as already_shutdown after the span processor was shut down', async () => {
    const { processor, log } = await makeApplication();
    await processor.shutdown();
    log.emit(RAW_IMPRESSION);
    expect(processor.ledger().dropped).to.deep.equal({ already_shutdown: 1 });
  });
});
