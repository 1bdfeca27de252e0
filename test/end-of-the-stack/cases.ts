// SPDX-License-Identifier: Apache-2.0
import { LoggerProvider, type SdkLogRecord } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import {
  type OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import {
  OptimizelyHook,
  trackConversion,
  withConversions,
} from 'opentelemetry-exporter-optimizely/openfeature';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { makeUserEvent, RecordingLogger } from '../support/fakes.js';

/** What is called where the stack ends. */
export interface Case {
  /** Of the processor. */
  readonly options?: Partial<OptimizelySpanProcessorOptions>;
  /** Whether it is a BatchEventProcessor. @default false */
  readonly isBatching?: boolean;
  /** How many events each call hands over. @default 1 */
  readonly events?: number;
  /** As much of the stack, in frames of `sink`, as a call takes before it can catch anything. @default 8 */
  readonly ownFrames?: number;
  /** Of drop reasons, besides those of any case. */
  readonly drops?: string;
  /** Called when the stack is short again. */
  unwound?(processor: OptimizelySpanProcessor): void;
  /** @returns a call with what was prepared for it, `count` times: making it takes stack, too */
  prepare(processor: OptimizelySpanProcessor, count: number): () => unknown;
}

const PURCHASE = { eventKey: 'purchase' };
let visitors = 0;
const nextVisitor = () => `visitor ${visitors++}`;
const conversion = () => ({ ...PURCHASE, userId: nextVisitor() });
const received = () => ({
  ...conversion(),
  type: 'conversion' as const,
  uuid: nextVisitor(),
  timestamp: 1_700_000_000_000,
});

/** @returns hands the next one over with each call */
function oneByOne<T>(count: number, make: () => T, handOver: (next: T) => unknown): () => unknown {
  const left = Array.from({ length: count }, make);
  return () => {
    const next = left.pop();
    if (next === undefined) throw new Error('more calls than were prepared');
    return handOver(next);
  };
}

function makeSpan() {
  const span = new BasicTracerProvider().getTracer('test').startSpan('request');
  for (let event = 0; event < 3; event++) {
    span.addEvent('optimizely.conversion', {
      'feature_flag.context.id': nextVisitor(),
      'optimizely.event.key': 'purchase',
    });
  }
  span.end();
  return span as never;
}

const spans: Pick<Case, 'events' | 'prepare'> = {
  events: 3,
  prepare: (processor, count) => oneByOne(count, makeSpan, span => processor.onEnd(span)),
};

/** @returns log records as a LoggerProvider hands them to its processors */
function makeRecords(count: number, eventName: string, attributes: object): SdkLogRecord[] {
  const records: SdkLogRecord[] = [];
  const keeper = {
    onEmit: (record: SdkLogRecord) => void records.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const logger = new LoggerProvider({ processors: [keeper] }).getLogger('test');
  for (let n = 0; n < count; n++) {
    logger.emit({ eventName, attributes: { ...attributes, 'feature_flag.context.id': nextVisitor() } });
  }
  return records;
}

function prepareRecords(eventName: string, attributes: object): Case['prepare'] {
  return (processor, count) => {
    const logs = new OptimizelyLogRecordProcessor(processor);
    const records = makeRecords(count, eventName, attributes);
    return oneByOne(
      count,
      () => records.pop() as SdkLogRecord,
      record => logs.onEmit(record),
    );
  };
}

const DETAILS = { value: true, variant: 'treatment', flagMetadata: { ruleKey: 'checkout_test' } };

function prepareHook(options: ConstructorParameters<typeof OptimizelyHook>[0]): Case['prepare'] {
  return (_, count) => {
    const hook = new OptimizelyHook(options);
    const evaluate = () => {
      const hookContext = { flagKey: 'checkout', context: { targetingKey: nextVisitor() } };
      hook.after(hookContext, { ...DETAILS, flagKey: 'checkout' });
      return hookContext;
    };
    return oneByOne(count, evaluate, hookContext => hook.finally(hookContext));
  };
}

function makeOfficialEvent(visitorCount: number) {
  const makeVisitor = () => {
    const event = { entity_id: '1', key: 'purchase', timestamp: 1, uuid: nextVisitor(), type: 'purchase' };
    return { visitor_id: nextVisitor(), attributes: [], snapshots: [{ decisions: [], events: [event] }] };
  };
  const params = {
    ...{ account_id: '1', project_id: '2', revision: '3', client_name: 'sdk', client_version: '6.0.0' },
    ...{ anonymize_ip: false, enrich_decisions: true },
    visitors: Array.from({ length: visitorCount }, makeVisitor),
  };
  return { url: 'https://logx.optimizely.com/v1/events', httpVerb: 'POST', params };
}

function prepareDispatcher(visitorCount: number): Case['prepare'] {
  return (processor, count) => {
    const dispatcher = createSpanEventDispatcher(processor, { logger: new RecordingLogger() });
    return oneByOne(
      count,
      () => makeOfficialEvent(visitorCount),
      event => dispatcher.dispatchEvent(event),
    );
  };
}

const prepareProcess: Case['prepare'] = (processor, count) =>
  oneByOne(
    count,
    () => makeUserEvent({ uuid: nextVisitor() }),
    event => processor.process(event),
  );

let toShutDown: OptimizelySpanProcessor | undefined;

const asIs = (event: unknown) => event as never;

export const CASES: Readonly<Record<string, Case>> = {
  'a span': spans,
  'a span, with a batch an event': { ...spans, options: { batchSize: 1 } },
  'a span, with beforeSend': { ...spans, options: { beforeSend: asIs } },
  'a span, with a beforeSend that shuts the processor down while what was left is read': {
    ...spans,
    options: {
      beforeSend: event => {
        void toShutDown?.shutdown();
        return event;
      },
    },
    // Of the span that is being read, what is behind the event.
    drops: 'already_shutdown',
    unwound: processor => {
      toShutDown = processor;
    },
  },
  'a log record': {
    prepare: prepareRecords('optimizely.conversion', { 'optimizely.event.key': 'purchase' }),
  },
  'a log record of an evaluation': {
    options: { evaluationEvents: true },
    prepare: prepareRecords('feature_flag.evaluation', {
      'feature_flag.key': 'checkout',
      'feature_flag.result.variant': 'treatment',
      'optimizely.rule.key': 'checkout_test',
    }),
  },
  recordConversion: { prepare: (_, count) => oneByOne(count, conversion, recordConversion) },
  'recordConversion of a processor': {
    ownFrames: 3,
    prepare: (processor, count) => oneByOne(count, conversion, event => processor.recordConversion(event)),
  },
  'recordImpression of a processor': {
    ownFrames: 3,
    prepare: (processor, count) =>
      oneByOne(
        count,
        () => ({
          ...DETAILS.flagMetadata,
          userId: nextVisitor(),
          flagKey: 'checkout',
          variationKey: 'treatment',
        }),
        impression => processor.recordImpression(impression),
      ),
  },
  'recordConversion that is refused': {
    prepare: (_, count) =>
      oneByOne(count, () => ({ userId: 7, eventKey: 'purchase' }) as never, recordConversion),
  },
  process: { prepare: prepareProcess },
  'process of a BatchEventProcessor': { isBatching: true, prepare: prepareProcess },
  'process, with its keys': {
    prepare: (processor, count) =>
      oneByOne(
        count,
        () => [makeUserEvent({ uuid: nextVisitor() }), received()] as const,
        ([event, shown]) => processor.process(event, shown),
      ),
  },
  receive: {
    prepare: (processor, count) => oneByOne(count, received, event => processor.receive(event)),
  },
  'an evaluation of OpenFeature': { prepare: prepareHook({}) },
  'an evaluation of OpenFeature, each of which counts': { prepare: prepareHook({ dedupe: false }) },
  trackConversion: {
    prepare: (_, count) =>
      oneByOne(
        count,
        () => ({ targetingKey: nextVisitor() }),
        context => trackConversion('purchase', context),
      ),
  },
  'track of a provider withConversions': {
    prepare: (_, count) => {
      const { track } = withConversions({});
      return oneByOne(
        count,
        () => ({ targetingKey: nextVisitor() }),
        context => track('purchase', context),
      );
    },
  },
  "an event of Optimizely's SDK": { prepare: prepareDispatcher(1) },
  "a batch of Optimizely's SDK": { events: 3, prepare: prepareDispatcher(3) },
};
