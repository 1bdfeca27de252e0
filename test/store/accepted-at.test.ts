// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type EventStore,
  OptimizelySpanProcessor,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import type { StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import { makeDatafile } from '../support/datafile.js';
import { makeUserEvent, RecordingLogger } from '../support/fakes.js';

class RecordingStore implements EventStore {
  readonly available = 0;
  readonly events: StoredEvent[] = [];

  open(): void {}

  append(event: StoredEvent): number {
    return this.events.push(event);
  }

  remove(): void {}

  release(): void {}

  async read() {
    return [];
  }

  async close(): Promise<void> {}
}

describe('The time at which a stored event was accepted', () => {
  const { now } = Date;
  const { now: performanceNow } = performance;

  afterEach(() => {
    Date.now = now;
    performance.now = performanceNow;
  });

  const time = 1_750_000_000_000;
  const hour = 3_600_000;

  function makeProcessor(dedupe = true) {
    const eventStore = new RecordingStore();
    const exported: SerializedEvent[] = [];
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      exporter: {
        export({ events }, done) {
          exported.push(...events);
          done({ code: 0 });
        },
      },
      logger: new RecordingLogger(),
      eventStore,
      dedupe,
    });
    return {
      processor,
      exported,
      stored: eventStore.events,
      hours: () => eventStore.events.map(({ acceptedAt }) => Math.round((acceptedAt - time) / hour) + 0),
    };
  }

  function anHourLater() {
    Date.now = () => time + hour;
    performance.now = () => performanceNow.call(performance) + hour;
  }

  it('is its timestamp, where the clock has given that, however many follow each other', async () => {
    const { processor, stored } = makeProcessor(false);
    let calls = 0;
    Date.now = () => time + Math.floor(calls++ / 3);
    for (let n = 0; n < 60; n++) processor.recordConversion({ userId: `${n}`, eventKey: 'purchase' });
    const stamps = stored.map(event =>
      Number(/"timestamp":(\d+)/.exec(event.kind === 'resolved' ? event.json : '')?.[1]),
    );
    expect(stored.map(({ acceptedAt }) => acceptedAt)).to.deep.equal(stamps);
    await processor.shutdown();
  });

  it('is not that of the event before where it has a timestamp of its own', async () => {
    const { processor, hours } = makeProcessor();
    Date.now = () => time;
    processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    anHourLater();
    processor.recordConversion({ userId: 'u', eventKey: 'purchase', timestamp: time - hour });
    expect(hours()).to.deep.equal([0, 1]);
    await processor.shutdown();
  });

  it('is not that of the event before whose timestamp it has been given', async () => {
    const { processor, hours } = makeProcessor();
    Date.now = () => time;
    for (let n = 0; n < 2; n++) processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    anHourLater();
    processor.recordConversion({ userId: 'u', eventKey: 'purchase', timestamp: time });
    processor.recordConversion({ userId: 'u', eventKey: 'purchase', timestamp: time + 1 });
    expect(hours()).to.deep.equal([0, 0, 1, 1]);
    await processor.shutdown();
  });

  it('is not that of the event before of the same timestamp, which another process had recorded', async () => {
    const { processor, hours } = makeProcessor();
    Date.now = () => time;
    for (let n = 0; n < 2; n++) processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    anHourLater();
    processor.receive({
      type: 'conversion',
      userId: 'u',
      eventKey: 'purchase',
      uuid: 'one',
      timestamp: time,
    });
    expect(hours()).to.deep.equal([0, 0, 1]);
    await processor.shutdown();
  });

  it('is its own where it was accepted before an event of the same millisecond', async () => {
    const { processor, hours, exported } = makeProcessor(false);
    Date.now = () => time;
    processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    await processor.forceFlush();
    const [{ acceptedAt }] = exported as [SerializedEvent];
    processor.process(makeUserEvent({ acceptedAt: acceptedAt - hour }));
    expect(hours()).to.deep.equal([0, -1]);
    await processor.shutdown();
  });

  it('is not that of a span event of the same millisecond, which is read later', async () => {
    const { processor, hours } = makeProcessor();
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('test');
    const span = tracer.startSpan('request');
    Date.now = () => time;
    processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
    const attributes = { 'feature_flag.context.id': 'u', 'optimizely.event.key': 'purchase' };
    span.addEvent('optimizely.conversion', attributes, time);
    anHourLater();
    span.end();
    expect(hours()).to.deep.equal([0, 1]);
    await processor.shutdown();
  });

  it('is not that of one that was dropped in the same millisecond', async () => {
    const { processor, hours } = makeProcessor();
    const impression = {
      userId: 'u',
      flagKey: 'checkout',
      ruleKey: 'checkout_test',
      variationKey: 'control',
    };
    Date.now = () => time;
    for (let n = 0; n < 3; n++) processor.recordImpression(impression);
    anHourLater();
    processor.recordConversion({ userId: 'u', eventKey: 'purchase', timestamp: time });
    expect(hours()).to.deep.equal([0, 1]);
    await processor.shutdown();
  });
});
