// SPDX-License-Identifier: Apache-2.0
import type { InstrumentationConfig } from '@opentelemetry/instrumentation';
import { bool, type OptionTable } from '../util/options/option-table.js';

export interface OptimizelyInstrumentationConfig extends InstrumentationConfig {
  /**
   * Whether clients that the application made with an event dispatcher of its own are instrumented as well. That
   * dispatcher then gets the events only that no processor takes. Read by each `createInstance`.
   *
   * @default false
   */
  replaceEventDispatcher?: boolean | undefined;
}

export const OPTIMIZELY_INSTRUMENTATION = {
  name: 'OptimizelyInstrumentation',
  example: 'new OptimizelyInstrumentation({ replaceEventDispatcher: true })',
  table: {
    enabled: bool(true),
    replaceEventDispatcher: bool(false),
  } satisfies OptionTable<OptimizelyInstrumentationConfig>,
};
