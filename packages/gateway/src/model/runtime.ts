// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessorOptions } from 'opentelemetry-exporter-optimizely';

/** Clocks, timers and randomness, as the exporter takes them too. Tests move time through it. */
export type Runtime = NonNullable<OptimizelySpanProcessorOptions['runtime']>;
