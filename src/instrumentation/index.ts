// SPDX-License-Identifier: Apache-2.0

/**
 * The instrumentation for Optimizely's own SDK: its events take the way of the installed processor, without a changed
 * line in the application.
 *
 * @module opentelemetry-exporter-optimizely/instrumentation
 */

export type { OptimizelyInstrumentationConfig } from './instrumentation-config.js';
export { OptimizelyInstrumentation } from './optimizely-instrumentation.js';
