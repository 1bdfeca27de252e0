// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import { environmentVariable } from '../util/environment.js';
import { isHttpUrl, withoutCredentials } from '../util/http-url.js';
import { shownUrl } from '../util/shown-url.js';

export const ENDPOINT_VARIABLE = 'OPTIMIZELY_EVENTS_ENDPOINT';

/** Where LogEvents are sent. */
export type Endpoint =
  | { readonly kind: 'region' }
  | { readonly kind: 'url'; readonly url: string; readonly authorization: string | undefined }
  /** The environment names an address that is none: nothing may be sent, and least of all to Optimizely. */
  | { readonly kind: 'unusable' };

/**
 * The option `endpoint`, or else the environment variable.
 *
 * @param option as `resolveOptions` left it
 */
export function resolveEndpoint(option: string | undefined, logger: PackageLogger): Endpoint {
  if (option !== undefined) return { kind: 'url', ...withoutCredentials(option) };
  const variable = environmentVariable(ENDPOINT_VARIABLE);
  if (variable === undefined) return { kind: 'region' };
  if (!isHttpUrl(variable)) {
    logger.alert('OPTIMIZELY_BAD_ENDPOINT', 'error', describeBadEndpoint(variable));
    return { kind: 'unusable' };
  }
  const bare = withoutCredentials(variable);
  logger.info(`events are sent to ${shownUrl(bare.url)}, as ${ENDPOINT_VARIABLE} says`);
  return { kind: 'url', ...bare };
}

/** What is wrong with a value of the variable, and what follows from it. */
function describeBadEndpoint(variable: string): string {
  return `${describeUnusableEndpoint(variable)}; no event is sent, and events are kept as far as memory and store allow`;
}

export function describeUnusableEndpoint(variable: string): string {
  return `${ENDPOINT_VARIABLE} must be an http or https URL, such as http://127.0.0.1:4319/v1/events, not "${shownUrl(variable)}"`;
}
