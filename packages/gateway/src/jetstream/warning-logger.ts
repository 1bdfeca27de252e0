// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';

const WARNING = { type: 'OptimizelyWarning', code: 'OPTIMIZELY_STREAM_UNUSABLE' } as const;
const MAX_SAID = 20;

/** Where the application gives no logger: what is wrong with the stream is a warning of the process, once. */
export function createWarningLogger(): Logger {
  const said = new Set<string>();
  const warn = (message: string) => {
    if (said.has(message) || said.size >= MAX_SAID) return;
    said.add(message);
    process.emitWarning(`optimizely-event-gateway: ${message}`, WARNING);
  };
  return { error: warn, warn, info() {}, debug() {} };
}

/** What an application's logger throws costs no batch. */
export function unthrowing(logger: Logger): Logger {
  const at = (level: keyof Logger) => (message: string) => {
    try {
      logger[level](message);
    } catch {
      // There is no other place to say it.
    }
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
