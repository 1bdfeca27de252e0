// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { EVENTS_PATH } from 'opentelemetry-exporter-optimizely/testing';
import { EVENTS_API_HOSTS, type Region } from '../inspection/regions.js';
import type { Forward } from '../server/intake.js';
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
 * @param to where to, undefined for Optimizely's Events API of the region
 * @throws CommandError if it is not a URL
 */
export function makeForwarder(to: string | undefined, region: () => Region): Forwarder {
  if (to !== undefined && !/^https?:$/.test(URL.canParse(to) ? new URL(to).protocol : '')) {
    throw new CommandError(`--forward-to must be an http or https URL: ${to}`, 2);
  }
  const dispatcher = new UndiciEventDispatcher();
  const url = () => to ?? `https://${EVENTS_API_HOSTS[region()]}${EVENTS_PATH}`;
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
