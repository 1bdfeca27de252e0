// SPDX-License-Identifier: Apache-2.0
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as six from '@optimizely/optimizely-sdk';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import {
  OptimizelyInstrumentation,
  type OptimizelyInstrumentationConfig,
} from 'opentelemetry-exporter-optimizely/instrumentation';
import { InMemoryEventDispatcher } from 'opentelemetry-exporter-optimizely/testing';
import * as five from 'optimizely-sdk-5';
import type { OfficialClient, Version } from '../optimizely-sdk/clients.js';
import { readDatafile } from '../optimizely-sdk/datafiles.js';

const NEVER_MILLIS = 3_600_000;

interface SdkDispatcher {
  dispatchEvent(logEvent: OfficialLogEvent, callback?: (response: { statusCode: number }) => void): unknown;
}

interface OfficialLogEvent {
  readonly params: { readonly visitors: readonly { readonly visitor_id: string }[] };
}

/** Keeps the visitors of what a dispatcher of the SDK's form is given, batch by batch. */
export class VisitorsKept implements SdkDispatcher {
  readonly batches: string[][] = [];

  async dispatchEvent(
    { params }: OfficialLogEvent,
    callback?: (response: { statusCode: number }) => void,
  ): Promise<{ statusCode: number }> {
    this.batches.push(params.visitors.map(({ visitor_id }) => visitor_id));
    callback?.({ statusCode: 204 });
    return { statusCode: 204 };
  }
}

const definitionOf = (instrumentation: OptimizelyInstrumentation) => {
  const [definition] = instrumentation.getModuleDefinitions();
  if (definition?.patch === undefined) throw new Error('no module definition');
  return definition as { patch(exports: object): unknown };
};

const enabled: OptimizelyInstrumentation[] = [];

/** So that what other tests load of the SDK is not instrumented. */
export function disableInstrumentations(): void {
  for (const instrumentation of enabled.splice(0)) instrumentation.disable();
}

export function makeInstrumentation(config?: OptimizelyInstrumentationConfig): OptimizelyInstrumentation {
  const instrumentation = new OptimizelyInstrumentation(config);
  enabled.push(instrumentation);
  return instrumentation;
}

/**
 * What an application loads of the SDK where it is instrumented, as the module hooks would have it: a copy of what it
 * exports. Nothing leaves: `own` has what the SDK's own dispatcher is given.
 */
export class InstrumentedSdk {
  readonly instrumentation: OptimizelyInstrumentation;
  readonly exports: Record<string, unknown>;
  readonly own = new VisitorsKept();
  readonly #version: Version;
  readonly #sdk: { readonly eventDispatcher: object };

  constructor(version: Version, config?: OptimizelyInstrumentationConfig) {
    this.#version = version;
    this.#sdk = version === 5 ? five : six;
    const { default: inner, ...exports } = this.#sdk as { default?: object };
    this.exports = version === 5 ? { ...exports, default: { ...inner } } : exports;
    Object.assign(this.#sdk.eventDispatcher, {
      dispatchEvent: this.own.dispatchEvent.bind(this.own),
    });
    this.instrumentation = makeInstrumentation(config);
    this.load();
  }

  /** As once more by another copy, or by another kind of module. */
  load(exports: object = this.exports): void {
    definitionOf(this.instrumentation).patch(exports);
  }

  /** @param options of version 5; in version 6 `eventProcessor` is a forwarding one if there is a dispatcher */
  createClient({
    datafile = readDatafile() as object,
    eventDispatcher,
    batchSize = 2,
    ...others
  }: {
    datafile?: object;
    eventDispatcher?: SdkDispatcher;
    batchSize?: number;
    eventProcessor?: undefined;
  } = {}): OfficialClient {
    const createInstance = this.exports.createInstance as (config: object) => OfficialClient;
    const dispatch = eventDispatcher && { eventDispatcher: eventDispatcher as never };
    return createInstance(
      this.#version === 5
        ? {
            datafile: JSON.stringify(datafile),
            eventBatchSize: batchSize,
            eventFlushInterval: NEVER_MILLIS,
            odpOptions: { disabled: true },
            ...dispatch,
          }
        : {
            projectConfigManager: six.createStaticProjectConfigManager({
              datafile: JSON.stringify(datafile),
            }),
            eventProcessor: six.createBatchEventProcessor({
              batchSize,
              flushInterval: NEVER_MILLIS,
              ...dispatch,
            }),
            ...others,
          },
    );
  }
}

/** A processor of a provider of its own, and what it delivers. */
export function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const dispatcher = new InMemoryEventDispatcher();
  const processor = new OptimizelySpanProcessor({
    datafile: readDatafile(),
    eventDispatcher: dispatcher,
    ...options,
  } as OptimizelySpanProcessorOptions);
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [processor, new SimpleSpanProcessor(exporter)],
  });
  return {
    processor,
    provider,
    tracer: provider.getTracer('test'),
    visitorsOf: () => dispatcher.events.map(event => event.visitorId),
    batchSizes: () => dispatcher.logEvents.map(({ params }) => params.visitors.length),
    shown: () => exporter.getFinishedSpans().map(span => [span.name, span.events.map(event => event.name)]),
  };
}
