// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Span } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { nanosEach } from './compare.js';
import {
  CountingDispatcher,
  deliverAll,
  makeProcessor,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import type { Row, Size } from './row.js';
import {
  type ConversionInput,
  type ImpressionInput,
  inputs,
  inTurns,
  makeConversion,
  makeImpression,
} from './workload.js';

/**
 * Code that does not import the package against the helpers: the same provider, spans of one event, processor and
 * dispatcher. That the raw way has to serialize attributes and tags itself is part of it.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 20_000;
  const row = <T>(name: string, make: (n: number) => T, raw: Recorder<T>, helper: Recorder<T>): Row => ({
    name: `raw span.addEvent of ${name}, harvested`,
    peer: 'the helper, same spans',
    unit: 'ns',
    target: { atMost: 1.5 },
    rounds: 15,
    open: () => open(inputs(count, make), raw, helper),
  });
  return [
    row('a conversion', makeConversion, rawConversion, recordConversion),
    row('an impression', makeImpression, rawImpression, recordImpression),
  ];
}

type Recorder<T> = (input: T, span: Span) => void;

function open<T>(events: readonly T[], raw: Recorder<T>, helper: Recorder<T>) {
  const [ours, theirs] = [makeSide(events, raw), makeSide(events, helper)];
  return {
    ours: ours.run,
    theirs: theirs.run,
    close: async () => {
      requireSameInformation(JSON.parse(ours.lastBody()), JSON.parse(theirs.lastBody()));
      await Promise.all([ours.processor.shutdown(), theirs.processor.shutdown()]);
    },
  };
}

function makeSide<T>(events: readonly T[], record: Recorder<T>) {
  const eventDispatcher = new CountingDispatcher();
  const processor = makeProcessor({ eventDispatcher });
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  return {
    processor,
    lastBody: () => eventDispatcher.lastBody,
    run: () =>
      nanosEach(events.length, async () => {
        await inTurns(events.length, n => {
          const span = tracer.startSpan('request');
          record(events[n] as T, span);
          span.end();
        });
        await deliverAll(processor);
      }),
  };
}

function rawConversion({ userId, eventKey, attributes, tags }: ConversionInput, span: Span): void {
  const traceDetail: Attributes = {
    'feature_flag.context.id': userId,
    'optimizely.event.key': eventKey,
    'feature_flag.provider.name': 'optimizely',
    'optimizely.user.attributes': JSON.stringify(attributes),
    'optimizely.event.tags': JSON.stringify(tags),
  };
  span.addEvent('optimizely.conversion', traceDetail);
}

function rawImpression(input: ImpressionInput, span: Span): void {
  const traceDetail: Attributes = {
    'feature_flag.context.id': input.userId,
    'feature_flag.key': input.flagKey as string,
    'optimizely.rule.key': input.ruleKey as string,
    'feature_flag.result.variant': input.variationKey as string,
    'optimizely.decision.enabled': input.enabled as boolean,
    'feature_flag.provider.name': 'optimizely',
    'optimizely.user.attributes': JSON.stringify(input.attributes),
  };
  span.addEvent('optimizely.impression', traceDetail);
}
