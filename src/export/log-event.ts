// SPDX-License-Identifier: Apache-2.0
import { type EventBatchParams, type LogEvent, markBodyFollowsParams } from '../model/log-event.js';

/**
 * Makes a LogEvent over text that is put together only when it is sent. `params` costs nothing until somebody looks;
 * from then on it is what `body` serialises, so nothing that a listener takes out of it can leave.
 */
export function makeLogEvent(url: string, headers: Record<string, string>, text: () => string): LogEvent {
  let source = text;
  let params: EventBatchParams | undefined;
  const logEvent = { httpVerb: 'POST', url } as LogEvent;
  Object.defineProperties(logEvent, {
    params: {
      enumerable: true,
      configurable: true,
      get() {
        params ??= JSON.parse(source()) as EventBatchParams;
        return params;
      },
      set(replacement: EventBatchParams) {
        params = replacement;
      },
    },
    headers: { enumerable: true, configurable: true, writable: true, value: headers },
    body: {
      enumerable: true,
      configurable: true,
      get() {
        return params === undefined ? source() : JSON.stringify(params);
      },
      set(replacement: string) {
        source = () => replacement;
        params = undefined;
      },
    },
  });
  markBodyFollowsParams(logEvent, () => params !== undefined);
  return logEvent;
}
