// SPDX-License-Identifier: Apache-2.0

import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { sameContext } from '../util/envelope.js';
import { withoutCredentials } from '../util/http-url.js';
import { bool, type OptionTable, url } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { BatchBody } from './batch-body.js';
import { makeLogEvent } from './log-event.js';

/** Where LogEvents are sent, and how strictly Optimizely checks them. */
export interface EventFactoryOptions {
  /**
   * Where to send events, for a proxy or a test. A user name and password in it are sent as an `Authorization` header.
   *
   * @default the Events API of the datafile's region
   */
  endpoint?: string | undefined;
  /**
   * Asks Optimizely to refuse requests that break its field constraints instead of accepting everything
   * (`X-Optimizely-Strict`). For development. @default false
   */
  strict?: boolean | undefined;
}

export const EVENT_FACTORY = {
  name: 'EventFactory',
  example: "new EventFactory({ endpoint: 'http://127.0.0.1:4319/v1/events' })",
  table: {
    // A default in its place would send a test's events to Optimizely.
    endpoint: url('url', "{ endpoint: 'http://127.0.0.1:4319/v1/events' }", 'OPTIMIZELY_EVENTS_ENDPOINT'),
    strict: bool(false, 'OPTIMIZELY_STRICT'),
  } satisfies OptionTable<EventFactoryOptions>,
};

/** Optimizely's Events API, by region. */
export const EVENTS_API_URLS = {
  US: 'https://logx.optimizely.com/v1/events',
  EU: 'https://eu.logx.optimizely.com/v1/events',
} as const;

/** Creates one LogEvent, that is, one request, from events that share a context. */
export class EventFactory {
  readonly #endpoint: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws TypeError if the endpoint is not an http or https URL */
  constructor(options: EventFactoryOptions = {}) {
    const { options: taken, logger } = takeOptions(EVENT_FACTORY, options);
    const { endpoint, strict } = resolveOptions(EVENT_FACTORY.table, taken, logger);
    const { url, authorization } = endpoint === undefined ? {} : withoutCredentials(endpoint);
    this.#endpoint = url;
    this.#headers = {
      'Content-Type': 'application/json',
      ...(strict && { 'X-Optimizely-Strict': 'true' }),
      ...(authorization !== undefined && { Authorization: authorization }),
    };
  }

  /**
   * @param events at least one, all of one context; visitors keep their order
   * @throws TypeError if there is no event, or events have different contexts
   */
  createLogEvent(events: readonly SerializedEvent[]): LogEvent {
    const context = events[0]?.context;
    if (context === undefined) throw new TypeError('createLogEvent needs at least one event');
    for (const event of events) {
      if (!sameContext(event.context, context)) {
        throw new TypeError('createLogEvent takes events of one context: one account, project and revision');
      }
    }
    const url = this.#endpoint ?? EVENTS_API_URLS[context.region];
    return makeLogEvent(url, { ...this.#headers }, new BatchBody(context, events));
  }
}
