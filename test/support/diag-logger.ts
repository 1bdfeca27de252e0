// SPDX-License-Identifier: Apache-2.0
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { sayUnheard } from '../../src/util/unheard-lines.js';
import { RecordingLogger } from './fakes.js';

/** What OpenTelemetry's `diag` is told while the tests of the enclosing suite run; emptied before each. */
export function diagLogger(): RecordingLogger {
  const logger = new RecordingLogger();
  const lines: (typeof logger)['lines'] = logger.lines;
  beforeEach(() => {
    lines.length = 0;
    const line =
      (level: 'error' | 'warn' | 'info' | 'debug') =>
      (message: string, ...more: unknown[]) =>
        logger[level]([message, ...more].join(' ').replace(/^opentelemetry-exporter-optimizely /, ''));
    diag.setLogger(
      { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug'), verbose() {} },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
    // What other tests said while no logger was set.
    sayUnheard();
    lines.length = 0;
  });
  afterEach(() => diag.disable());
  return logger;
}
