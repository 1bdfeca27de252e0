// SPDX-License-Identifier: Apache-2.0

/** Where the classes go that look as if they might go elsewhere, as the rest of a sentence. */
export const RIGHT_PLACES = {
  OptimizelySpanProcessor:
    'it goes into spanProcessors, beside the BatchSpanProcessor of your own exporter: ' +
    'new NodeSDK({ spanProcessors: [processor] })',
  BatchEventProcessor: 'it works without OpenTelemetry; for spanProcessors there is OptimizelySpanProcessor',
  OptimizelyEventExporter:
    'it goes into the option exporter of OptimizelySpanProcessor, and that into spanProcessors',
  UndiciEventDispatcher:
    'it goes into the option eventDispatcher of OptimizelySpanProcessor, and that into spanProcessors',
  OptimizelyLogRecordProcessor:
    'it goes into logRecordProcessors, and the OptimizelySpanProcessor that it was made with into spanProcessors',
  OptimizelyInstrumentation:
    'it goes into instrumentations, and an OptimizelySpanProcessor into spanProcessors',
} as const;

export type PlacedClass = keyof typeof RIGHT_PLACES;
