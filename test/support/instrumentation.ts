// SPDX-License-Identifier: Apache-2.0
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** For the tests of a `describe`: requests over undici and node:http are traced. */
export function useInstrumentation() {
  const spans = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  // Made when they are needed: they listen from then on, to the requests of other tests too.
  let instrumentations: (UndiciInstrumentation | HttpInstrumentation)[] = [];

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
    instrumentations = [new UndiciInstrumentation(), new HttpInstrumentation()];
    for (const each of instrumentations) {
      each.setTracerProvider(provider);
      each.enable();
    }
  });

  after(async () => {
    for (const each of instrumentations) each.disable();
    trace.disable();
    context.disable();
    await provider.shutdown();
  });

  return {
    clientSpans: () => spans.getFinishedSpans().filter(span => span.kind === SpanKind.CLIENT),
    reset: () => spans.reset(),
  };
}
