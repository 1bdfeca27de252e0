// SPDX-License-Identifier: Apache-2.0
//
// Where the service is set up, and all of it that knows this package.
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import {
  type Client,
  createForwardingEventProcessor,
  createInstance,
  createStaticProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';

export interface Telemetry {
  readonly optimizely: Client;
  readonly processor: OptimizelySpanProcessor;
  /** Your OpenTelemetry: it shuts the processor down too. */
  readonly sdk: NodeSDK;
}

/**
 * @param spanExporter yours, for instance an OTLPTraceExporter
 * @param endpoint the example's own: without it events go to Optimizely
 */
export function setUp(datafile: object, spanExporter: SpanExporter, endpoint: string): Telemetry {
  const processor = new OptimizelySpanProcessor({ datafile, endpoint });
  const sdk = new NodeSDK({
    serviceName: 'service',
    spanProcessors: [new SimpleSpanProcessor({ exporter: spanExporter }), processor],
  });
  sdk.start();
  const optimizely = createInstance({
    projectConfigManager: createStaticProjectConfigManager({ datafile: JSON.stringify(datafile) }),
    // The one line that changes. It was: eventProcessor: createBatchEventProcessor()
    eventProcessor: createForwardingEventProcessor(createSpanEventDispatcher(processor)),
  });
  return { optimizely, processor, sdk };
}
