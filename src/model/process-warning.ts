// SPDX-License-Identifier: Apache-2.0
import { sharedState } from './shared-state.js';

/** What a person must know of even where no logger is set. The table of docs/troubleshooting.md explains each. */
export type WarningCode =
  | 'OPTIMIZELY_NO_PROCESSOR'
  | 'OPTIMIZELY_NO_DATAFILE'
  | 'OPTIMIZELY_BAD_DATAFILE'
  | 'OPTIMIZELY_EVENTS_DROPPED'
  | 'OPTIMIZELY_DELIVERY_FAILING'
  | 'OPTIMIZELY_STORE_UNUSABLE'
  | 'OPTIMIZELY_EVENTS_LOST_AT_EXIT'
  | 'OPTIMIZELY_UNDICI_UNAVAILABLE'
  | 'OPTIMIZELY_LOGGER_FAILING'
  | 'OPTIMIZELY_API_COPIES'
  | 'OPTIMIZELY_BAD_OPTION';

/** Shared by all copies of this package in the process. */
const SAID = Symbol.for('opentelemetry-exporter-optimizely.warnings-said.v1');

const said = sharedState(SAID, () => new Set<string>());

/** Emits a process warning, once a code and process. Never throws. */
export function warnProcess(code: WarningCode, message: string): void {
  try {
    if (said().has(code)) return;
    said().add(code);
    process.emitWarning(`opentelemetry-exporter-optimizely: ${message}`, { type: 'OptimizelyWarning', code });
  } catch {
    // A stack that overflows, or an emitWarning() that the host has replaced.
  }
}
