// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises';
import type { Span } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { type OptimizelySpanProcessor, recordConversion } from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { cpuNanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { rawConversion } from './raw-events.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from './workload.js';

const IDLE_MILLIS = 50;
/** Until V8 has optimized again what it discarded. */
const ROUNDS_TO_RECOVER = 3;

type Record = (input: ConversionInput) => unknown;
type MakeRecord = (processor: OptimizelySpanProcessor) => Record;

/**
 * What a full collection costs an idle service beyond itself: V8 discards optimized code whose hidden classes have no
 * object left. Other rows are collected before their first round only.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 10_000;
  const row = (name: string, makeRecord: MakeRecord, emitAs?: 'log-record'): Row => ({
    name: `the first ${count.toLocaleString('en')} ${name} after a full collection while idle, CPU time`,
    peer: 'the same without the collection',
    unit: 'ns',
    target: { atMost: 2 },
    rounds: 9,
    warmUps: 3,
    open: () => open(count, short, makeRecord, emitAs),
  });
  return [
    row('conversions', processor => input => processor.recordConversion(input)),
    row('conversions on spans', onSpans(recordConversion)),
    row('raw conversions, harvested', onSpans(rawConversion)),
    row('conversions as log records', asLogRecords, 'log-record'),
  ];
}

function onSpans(add: (input: ConversionInput, span: Span) => unknown): MakeRecord {
  return processor => {
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
    return input => {
      const span = tracer.startSpan('request');
      add(input, span);
      span.end();
    };
  };
}

function asLogRecords(processor: OptimizelySpanProcessor): Record {
  const logProcessor: OptimizelyLogRecordProcessor = new OptimizelyLogRecordProcessor(processor, {
    getLoggerProvider: () => provider,
  });
  const provider = new LoggerProvider({ processors: [logProcessor] });
  return input => processor.recordConversion(input);
}

function open(count: number, short: boolean, makeRecord: MakeRecord, emitAs: 'log-record' | undefined) {
  const events = inputs(count, makeConversion);
  const processor = makeProcessor({ eventDispatcher: new CountingDispatcher(), emitAs });
  const record = makeRecord(processor);
  const round = () =>
    cpuNanosEach(count, async () => {
      await inTurns(count, n => record(events[n] as ConversionInput));
      await deliverAll(processor);
    });
  return {
    both: async () => {
      for (let n = 0; n < (short ? 0 : ROUNDS_TO_RECOVER); n++) await round();
      const theirs = await round();
      await setTimeout(IDLE_MILLIS);
      globalThis.gc?.();
      await setTimeout(IDLE_MILLIS);
      return { ours: await round(), theirs };
    },
    close: () => processor.shutdown(),
  };
}
