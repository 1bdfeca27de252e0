// SPDX-License-Identifier: Apache-2.0
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type EventBatchParams,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { trackConversion } from 'opentelemetry-exporter-optimizely/openfeature';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { makeClient, VERSIONS } from './optimizely-sdk/clients.js';
import { readDatafile } from './optimizely-sdk/datafiles.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

const NOW = 1_700_000_000_000;
const IMPRESSION = {
  userId: 'visitor',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'control',
};
const CONVERSION = { userId: 'visitor', eventKey: 'purchase' };

/** A clock that a test sets, forward and back, also to a fraction of a millisecond. */
class SetClock extends ManualRuntime {
  time = NOW;
  override readonly now = () => this.time;
}

describe('a conversion right after an impression', () => {
  const opened: { shutdown(): Promise<unknown> }[] = [];

  function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const dispatcher = new RecordingDispatcher();
    const clock = new SetClock();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      runtime: clock,
      ...options,
    });
    const spans = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor(spans)] });
    opened.push(provider);
    return {
      clock,
      processor,
      spans,
      tracer: provider.getTracer('test'),
      timestamps: async () => {
        await processor.forceFlush();
        return dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.events[0]?.timestamp);
      },
    };
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(each => each.shutdown()));
  });

  it('gets the next millisecond, in the payload and in the trace', async () => {
    const { processor, spans, tracer, timestamps } = makeHarness();
    const span = tracer.startSpan('request');
    processor.recordImpression(IMPRESSION, span);
    processor.recordConversion(CONVERSION, span);
    span.end();
    expect(await timestamps()).to.deep.equal([NOW, NOW + 1]);
    expect(spans.getFinishedSpans()[0]?.events.map(({ time }) => time)).to.deep.equal([
      [NOW / 1_000, 0],
      [NOW / 1_000, 1_000_000],
    ]);
  });

  it('is never more than one millisecond ahead, however many of either are recorded', async () => {
    const { processor, timestamps } = makeHarness();
    for (let n = 0; n < 3; n++) {
      processor.recordImpression(IMPRESSION);
      processor.recordConversion(CONVERSION);
      processor.recordConversion(CONVERSION);
    }
    expect(await timestamps()).to.deep.equal(
      Array(3)
        .fill([NOW, NOW + 1, NOW + 1])
        .flat(),
    );
  });

  it('follows every sequence of events and of clocks by the same rule', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('impression' as const),
        given: fc.option(fc.integer({ min: -2, max: 2 })),
      }),
      fc.record({
        kind: fc.constant('conversion' as const),
        given: fc.option(fc.integer({ min: -2, max: 2 })),
      }),
      // Also back, and by less than a millisecond.
      fc.record({ kind: fc.constant('clock' as const), by: fc.constantFrom(1, 1, 0.4, 0.6, 7, -1, -30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const { clock, processor, timestamps } = makeHarness({ batchSize: 100 });
        const expected: number[] = [];
        let stamped: number | undefined;
        let given: number | undefined;
        for (const each of steps) {
          const now = Math.trunc(clock.time);
          const timestamp = each.kind === 'clock' || each.given === null ? undefined : now + each.given;
          if (each.kind === 'clock') {
            clock.time += each.by;
          } else if (each.kind === 'impression') {
            processor.recordImpression({ ...IMPRESSION, timestamp });
            expected.push(timestamp ?? now);
            if (timestamp === undefined) stamped = now;
            else given = timestamp;
          } else {
            processor.recordConversion({ ...CONVERSION, timestamp });
            expected.push(timestamp ?? (now === stamped || now === given ? now + 1 : now));
          }
        }
        expect(await timestamps()).to.deep.equal(expected);
        await processor.shutdown();
      }),
      { numRuns: 150 },
    );
  });

  it('gets it whether a helper or the processor recorded the one or the other', () => {
    const { processor, tracer, spans } = makeHarness({ runtime: undefined });
    // The system's clock: often, but not always, both fall into one millisecond.
    for (let n = 0; n < 200; n++) {
      const span = tracer.startSpan('request');
      const impress = n % 2 === 0 ? recordImpression : processor.recordImpression.bind(processor);
      const convert = n % 3 === 0 ? recordConversion : processor.recordConversion.bind(processor);
      impress(IMPRESSION, span);
      convert(CONVERSION, span);
      span.end();
      const [impressionAt = 0, conversionAt = 0] =
        spans
          .getFinishedSpans()
          .at(-1)
          ?.events.map(({ time }) => time[0] * 1e3 + time[1] / 1e6) ?? [];
      expect(conversionAt).to.be.above(impressionAt);
    }
  });

  it('stays on the clock where the impression was that of another project', async () => {
    const [shop, bank] = [makeHarness(), makeHarness()];
    shop.processor.recordImpression(IMPRESSION);
    bank.processor.recordConversion(CONVERSION);
    expect(await bank.timestamps()).to.deep.equal([NOW]);
  });

  it('stays where it was recorded to have happened, and so does the impression', async () => {
    const { processor, timestamps } = makeHarness();
    processor.recordImpression({ ...IMPRESSION, timestamp: NOW });
    processor.recordConversion({ ...CONVERSION, timestamp: NOW });
    processor.recordConversion({ ...CONVERSION, timestamp: new Date(NOW) });
    processor.recordConversion(CONVERSION);
    processor.recordImpression(IMPRESSION);
    expect(await timestamps()).to.deep.equal([NOW, NOW, NOW, NOW + 1, NOW]);
  });

  it('keeps its timestamp where it waits for the datafile and where beforeSend sees it', async () => {
    let datafile: object | null = null;
    const seen: number[] = [];
    const { clock, processor, timestamps } = makeHarness({
      datafile: undefined,
      projectConfigManager: { getConfig: () => datafile },
      beforeSend: event => {
        seen.push(event.timestamp);
        return { ...event };
      },
    });
    processor.recordImpression(IMPRESSION);
    processor.recordConversion(CONVERSION);
    clock.time += 5;
    datafile = makeDatafile();
    processor.recordConversion(CONVERSION);
    expect(seen).to.deep.equal([NOW, NOW + 1, NOW + 5]);
    expect((await timestamps()).sort()).to.deep.equal(seen);
  });

  it('is not moved by an impression that was refused', async () => {
    const { processor, timestamps } = makeHarness();
    for (const fault of [{ userId: 5 }, { uuid: 5 }, { timestamp: 5 }, { enabled: 'yes' }]) {
      processor.recordImpression({ ...IMPRESSION, ...fault } as never);
    }
    processor.recordConversion(CONVERSION);
    expect(await timestamps()).to.deep.equal([NOW]);
  });

  it('gets the next millisecond in OpenFeature', async () => {
    const { processor, timestamps } = makeHarness();
    processor.recordImpression(IMPRESSION);
    trackConversion('purchase', { targetingKey: 'visitor' }, undefined, { processor });
    expect(await timestamps()).to.deep.equal([NOW, NOW + 1]);
  });

  for (const version of VERSIONS) {
    it(`gets the next millisecond after an impression of the official SDK ${version}, whose own events stay`, async () => {
      const { clock, processor, timestamps } = makeHarness({ datafile: readDatafile() });
      const ours = createSpanEventDispatcher(processor);
      const handedOver: unknown[] = [];
      const client = makeClient(version, {
        datafile: readDatafile(),
        eventDispatcher: {
          dispatchEvent: (logEvent, callback) => {
            const { params } = logEvent as { params: EventBatchParams };
            handedOver.push(params.visitors[0]?.snapshots[0]?.events[0]?.timestamp);
            return ours.dispatchEvent(logEvent, callback);
          },
        },
      });
      client.createUserContext('visitor', {})?.decide('search');
      [clock.time = 0] = await timestamps();
      processor.recordConversion(CONVERSION);
      client.track('purchase', 'visitor');
      await client.close();
      const [impressionAt, conversionAt, trackedAt] = await timestamps();
      expect(conversionAt).to.equal(clock.time + 1);
      expect([impressionAt, trackedAt]).to.deep.equal(handedOver);
    });
  }
});
