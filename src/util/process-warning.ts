// SPDX-License-Identifier: Apache-2.0

import type { WarningCode } from '../model/warning-code.js';
import { sharedState } from './shared-state.js';

/** Shared by all copies of this package in the process. */
const SAID = Symbol.for('opentelemetry-exporter-optimizely.warnings-said.v1');

const said = sharedState(SAID, () => new Set<string>());

/** Mistakes in the application's code: each is worth a warning, since none goes away before it is told. */
const TOLD_ONE_BY_ONE: readonly WarningCode[] = [
  'OPTIMIZELY_BAD_OPTION',
  'OPTIMIZELY_DOUBTFUL_EVENT',
  'OPTIMIZELY_WRONG_PLACE',
];
const MOST = 10;

/**
 * Emits a process warning, once a code and process. Of mistakes in options each is told, up to ten. Never throws.
 */
export function warnProcess(code: WarningCode, message: string): void {
  try {
    if (wasSaid(code, message)) return;
    process.emitWarning(`opentelemetry-exporter-optimizely: ${message}`, { type: 'OptimizelyWarning', code });
  } catch {
    // A stack that overflows, or an emitWarning() that the host has replaced.
  }
}

export function warnOfLogger(): void {
  warnProcess(
    'OPTIMIZELY_LOGGER_FAILING',
    'the logger throws, rejects or records events that it is told of in turn; log lines are missing',
  );
}

function wasSaid(code: WarningCode, message: string): boolean {
  const all = said();
  const key = TOLD_ONE_BY_ONE.includes(code) ? `${code} ${message}` : code;
  if (all.has(key)) return true;
  if (key !== code && [...all].filter(one => one.startsWith(`${code} `)).length >= MOST) return true;
  all.add(key);
  return false;
}
