// SPDX-License-Identifier: Apache-2.0

// What the code in the documentation takes for granted: what a reader's own service has.
declare const datafile: string;
declare const sdkKey: string;
declare const userId: string;
declare const attributes: Record<string, string | number | boolean>;
declare const user: import('@optimizely/optimizely-sdk').OptimizelyUserContext;
declare const datafileAccessToken: string;
declare const eventDispatcher: import('@optimizely/optimizely-sdk').EventDispatcher;
declare const logger: import('opentelemetry-exporter-optimizely').Logger;
declare const meterProvider: import('@opentelemetry/api').MeterProvider;
/** Of this service's own HTTP client. @returns the status */
declare function send(url: string, body: string): Promise<number>;
declare function log(line: string | number): void;
declare const processor: import('opentelemetry-exporter-optimizely').OptimizelySpanProcessor;
declare const server: import('node:http').Server;
/** Of a datafile's fetch. */
declare const response: Response;

declare const NodeSDK: typeof import('@opentelemetry/sdk-node').NodeSDK;
declare const BatchSpanProcessor: typeof import('@opentelemetry/sdk-trace').BatchSpanProcessor;
declare const OTLPTraceExporter: typeof import('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter;
declare const BatchLogRecordProcessor: typeof import('@opentelemetry/sdk-logs').BatchLogRecordProcessor;
declare const OTLPLogExporter: typeof import('@opentelemetry/exporter-logs-otlp-proto').OTLPLogExporter;

declare const projectConfigManager: Parameters<
  typeof import('@optimizely/optimizely-sdk').createInstance
>[0]['projectConfigManager'];
declare const createForwardingEventProcessor: typeof import('@optimizely/optimizely-sdk').createForwardingEventProcessor;
/** Of either version. */
declare const createInstance: typeof import('@optimizely/optimizely-sdk').createInstance &
  typeof import('optimizely-sdk-5').createInstance;

declare const OpenFeature: typeof import('@openfeature/server-sdk').OpenFeature;
declare const MyProvider: new () => import('@openfeature/server-sdk').Provider;
/** Of @openfeature/open-telemetry-hooks. */
declare const SpanEventHook: new (options: {
  attributeMapper(
    context: import('@openfeature/server-sdk').HookContext,
    details: import('@openfeature/server-sdk').EvaluationDetails<import('@openfeature/server-sdk').FlagValue>,
  ): Record<string, unknown>;
}) => unknown;
