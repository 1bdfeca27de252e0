// SPDX-License-Identifier: Apache-2.0
import {
  type EvaluationContext,
  type FlagMetadata,
  type JsonValue,
  OpenFeature,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from '../support/datafile.js';
import { RecordingLogger } from '../support/fakes.js';
import { ManualRuntime, settle } from '../support/manual-runtime.js';

export interface Resolution {
  value?: JsonValue;
  variant?: string;
  reason?: string;
  flagMetadata?: FlagMetadata;
}

/** What a provider over the official SDK's `decide()` answers for the flag `checkout`. */
export const DECISION = {
  value: true,
  variant: 'treatment',
  reason: 'TARGETING_MATCH',
  flagMetadata: { ruleKey: 'checkout_test' },
} satisfies Resolution;

/** Answers what the test says. Its members need the right `this`: they are private. */
export class ScriptedProvider implements Provider {
  readonly metadata = { name: 'scripted' };
  readonly runsOn = 'server';
  #answer: (flagKey: string, context: EvaluationContext) => Resolution;
  readonly #tracked: unknown[][] = [];

  constructor(answer: Resolution | ScriptedProvider['answer'] = DECISION) {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  get answer() {
    return this.#answer;
  }

  set answer(answer: (flagKey: string, context: EvaluationContext) => Resolution) {
    this.#answer = answer;
  }

  get tracked(): readonly unknown[][] {
    return this.#tracked;
  }

  track(...args: unknown[]): void {
    this.#tracked.push(args);
  }

  async resolveBooleanEvaluation(flagKey: string, _: boolean, context: EvaluationContext) {
    return this.#answer(flagKey, context) as ResolutionDetails<boolean>;
  }

  async resolveStringEvaluation(flagKey: string, _: string, context: EvaluationContext) {
    return this.#answer(flagKey, context) as ResolutionDetails<string>;
  }

  async resolveNumberEvaluation(flagKey: string, _: number, context: EvaluationContext) {
    return this.#answer(flagKey, context) as ResolutionDetails<number>;
  }

  async resolveObjectEvaluation<T extends JsonValue>(flagKey: string, _: T, context: EvaluationContext) {
    return this.#answer(flagKey, context) as ResolutionDetails<T>;
  }
}

let domains = 0;

/** A client of its own domain, so that no test hears of another's hooks and provider. */
export async function makeClient(provider: Provider) {
  const domain = `test-${++domains}`;
  await OpenFeature.setProviderAndWait(domain, provider);
  return OpenFeature.getClient(domain);
}

/** Rejections that nobody handles: without a listener they end the process. */
export async function unhandledDuring(act: () => unknown): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    await act();
    await settle();
  } finally {
    process.off('unhandledRejection', listener);
  }
  return unhandled;
}

/** For the tests of a `describe`: a provider of spans with our processor, which sends to a local endpoint. */
export function useOptimizely() {
  const opened: (() => Promise<unknown>)[] = [];

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
    trace.disable();
  });

  afterEach(async () => {
    await OpenFeature.clearProviders();
    for (const close of opened.splice(0).reverse()) await close();
  });

  return async (options: Partial<OptimizelySpanProcessorOptions> = {}) => {
    const runtime = new ManualRuntime();
    const datafile = makeDatafile();
    const endpoint = await startLocalEventsEndpoint({ datafile });
    opened.push(endpoint.close);
    const logger = new RecordingLogger();
    const source = options.projectConfigManager === undefined ? { datafile } : {};
    const processor = new OptimizelySpanProcessor({
      ...source,
      endpoint: endpoint.url,
      logger,
      runtime,
      ...options,
    });
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [processor, new SimpleSpanProcessor(exporter)],
    });
    opened.push(() => provider.shutdown());
    const tracer = provider.getTracer('test');
    return {
      runtime,
      processor,
      logger,
      tracer,
      spans: () => exporter.getFinishedSpans(),
      /** Runs `act` in a span and waits for both. */
      inSpan: <T>(act: () => Promise<T> | T): Promise<T> =>
        tracer.startActiveSpan('request', async span => {
          try {
            return await act();
          } finally {
            span.end();
          }
        }),
      /** What Optimizely has received. */
      async received() {
        await processor.forceFlush();
        return endpoint.batches.flatMap(batch => batch.events);
      },
      /** The visitors of the batches, as they came. */
      async visitors() {
        await processor.forceFlush();
        return endpoint.batches.flatMap(batch => batch.params.visitors);
      },
    };
  };
}
