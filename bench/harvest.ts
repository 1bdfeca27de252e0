// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { nanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import {
  CountingDispatcher,
  deliverAll,
  makeProcessor,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import { rawConversion, rawImpression } from './raw-events.js';
import { inputs, inTurns, makeConversion, makeImpression } from './workload.js';

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
