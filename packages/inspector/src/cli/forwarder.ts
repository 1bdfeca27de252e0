// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import type { Forward } from '../server/intake.js';
import { CommandError } from './command-error.js';

/** @see https://docs.developers.optimizely.com/feature-experimentation/docs/event-api */
const EVENTS_API_URLS = {
  US: 'https://logx.optimizely.com/v1/events',
  EU: 'https://eu.logx.optimizely.com/v1/events',
};

export interface Forwarder {
  readonly forward: Forward;
  /** Where to, at the moment. */
  readonly url: () => string;
  close(): Promise<void>;
}

/**
 * Passes batches on as they came, without what their sender told the inspector alone.
 *
 * @param to where to, undefined for Optimizely's Events API of the region
 * @throws CommandError if it is not a URL
 */
export function makeForwarder(to: string | undefined, region: () => 'US' | 'EU'): Forwarder {
  if (to !== undefined && !/^https?:$/.test(URL.canParse(to) ? new URL(to).protocol : '')) {
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
