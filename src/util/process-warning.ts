// SPDX-License-Identifier: Apache-2.0

import type { WarningCode } from '../model/warning-code.js';
import { sharedState } from './shared-state.js';

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
