// SPDX-License-Identifier: Apache-2.0
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { options, record, stayUp, tell, wanted } from './app.mjs';

const exporter = new OTLPTraceExporter({ url: 'http://127.0.0.1:9/v1/traces', timeoutMillis: 1_000 });
const sdk = new NodeSDK({
  spanProcessors: [
    new BatchSpanProcessor({ exporter }),
    new optimizely.OptimizelySpanProcessor({ ...options, logger: undefined }),
  ],
});
sdk.start();
optimizely.shutdownOnSignals(wanted.target === 'wrapped' ? { shutdown: () => sdk.shutdown() } : sdk);
stayUp();
const uuids = trace.getTracer('service').startActiveSpan('request', span => {
  const recorded = record(optimizely);
  span.end();
  return recorded;
});
tell({ uuids });
