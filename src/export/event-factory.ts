// SPDX-License-Identifier: Apache-2.0

import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { bool, type OptionTable, url } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { resolveEndpoint } from './endpoint.js';
import { showLogEvent } from './log-event.js';
import { LogEventBuilder } from './log-event-builder.js';

/** Where LogEvents are sent, and how strictly Optimizely checks them. */
export interface EventFactoryOptions {
  /**
   * Where to send events, for a proxy or a test. A user name and password in it are sent as an `Authorization` header.
   *
   * @default `OPTIMIZELY_EVENTS_ENDPOINT`, or the Events API of the datafile's region
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

/** Creates one LogEvent, that is, one request, from events that share a context. */
export class EventFactory {
  readonly #builder: LogEventBuilder;

  /** @throws TypeError if the endpoint is not an http or https URL */
  constructor(options: EventFactoryOptions = {}) {
    const { options: taken, logger } = takeOptions(EVENT_FACTORY, options);
    const { endpoint, strict } = resolveOptions(EVENT_FACTORY.table, taken, logger);
    this.#builder = new LogEventBuilder(resolveEndpoint(endpoint, logger), strict);
  }

  /**
   * @param events at least one, all of one context; visitors keep their order
   * @returns a LogEvent; its `url` is `about:invalid` if `OPTIMIZELY_EVENTS_ENDPOINT` is not an http or https URL
   * @throws TypeError if there is no event, or events have different contexts
   */
  createLogEvent(events: readonly SerializedEvent[]): LogEvent {
    return showLogEvent(this.#builder.build(events));
  }
}
