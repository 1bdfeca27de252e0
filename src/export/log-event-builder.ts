// SPDX-License-Identifier: Apache-2.0
import type { MadeBody } from '../model/batch-with-body.js';
import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { sameContext } from '../util/envelope.js';
import { BatchBody } from './batch-body.js';
import type { Endpoint } from './endpoint.js';
import { makeLogEvent } from './log-event.js';

/** Optimizely's Events API, by region. */
const EVENTS_API_URLS = {
  US: 'https://logx.optimizely.com/v1/events',
  EU: 'https://eu.logx.optimizely.com/v1/events',
} as const;

/** Builds LogEvents for an endpoint that has been resolved. */
export class LogEventBuilder {
  readonly #endpoint: Endpoint;
  readonly #headers: Record<string, string>;

  constructor(endpoint: Endpoint, strict: boolean) {
    const authorization = endpoint.kind === 'url' ? endpoint.authorization : undefined;
    this.#endpoint = endpoint;
    this.#headers = {
      'Content-Type': 'application/json',
      ...(strict && { 'X-Optimizely-Strict': 'true' }),
      ...(authorization !== undefined && { Authorization: authorization }),
    };
  }

  /**
   * @param body of all the events. @default put together of their texts
   * @returns a LogEvent that is yet to be shown
   * @throws TypeError if there is no event, or events have different contexts
   */
  build(events: readonly SerializedEvent[], body?: MadeBody): LogEvent {
    const context = events[0]?.context;
    if (context === undefined) throw new TypeError('createLogEvent needs at least one event');
    for (const event of events) {
      if (!sameContext(event.context, context)) {
        throw new TypeError('createLogEvent takes events of one context: one account, project and revision');
      }
    }
    const url = urlOf(this.#endpoint, context.region);
    return makeLogEvent(url, this.#headers, new BatchBody(context, events, body));
  }
}

function urlOf(endpoint: Endpoint, region: keyof typeof EVENTS_API_URLS): string {
  switch (endpoint.kind) {
    case 'region':
      return EVENTS_API_URLS[region];
    case 'url':
      return endpoint.url;
    case 'unusable':
      return NOWHERE;
  }
}

/** No HTTP client sends anything there. @see https://www.rfc-editor.org/rfc/rfc6694 */
const NOWHERE = 'about:invalid';
