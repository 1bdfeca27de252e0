// SPDX-License-Identifier: Apache-2.0
import { EVENTS_API_URLS } from '../export/event-factory.js';
import { UndiciEventDispatcher } from '../http/undici-event-dispatcher.js';
import type { Forward } from '../inspect/server/intake.js';
import { isHttpUrl } from '../util/http-url.js';
import { CommandError } from './command-error.js';

export interface Forwarder {
  readonly forward: Forward;
  /** Where to, at the moment. */
  readonly url: () => string;
  close(): Promise<void>;
}

/**
 * Passes batches on as they came, without what their sender told the inspector alone.
 *
 * @param to undefined: Optimizely's Events API of the region
 * @throws CommandError not a URL
 */
export function makeForwarder(to: string | undefined, region: () => 'US' | 'EU'): Forwarder {
  if (to !== undefined && !isHttpUrl(to)) {
    throw new CommandError(`--forward-to must be an http or https URL: ${to}`, 2);
  }
  const dispatcher = new UndiciEventDispatcher();
  const url = () => to ?? EVENTS_API_URLS[region()];
  return {
    url,
    close: () => dispatcher.close(),
    forward: async (body, { strict }) => {
      const headers = {
        'Content-Type': 'application/json',
        ...(strict && { 'X-Optimizely-Strict': 'true' }),
      };
      try {
        const { statusCode } = await dispatcher.dispatchEvent({
          httpVerb: 'POST',
          url: url(),
          headers,
          body,
        });
        return statusCode;
      } catch {
        return undefined;
      }
    },
  };
}
