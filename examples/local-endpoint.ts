// SPDX-License-Identifier: Apache-2.0

/** Tells the processes and threads of an example where the local Events endpoint is. */
export const ENDPOINT_VARIABLE = 'EXAMPLE_EVENTS_ENDPOINT';

/**
 * The local Events endpoint. In an application of your own leave `endpoint` out: events then go to Optimizely.
 *
 * @throws Error not started by the example: these events must not go to Optimizely
 */
export function localEndpoint(): string {
  const endpoint = process.env[ENDPOINT_VARIABLE];
  if (endpoint === undefined) throw new Error('start me with one of: npm run example:…');
  return endpoint;
}

/** An environment with the local endpoint in it, and no proxy before it. */
export function environmentWith(endpoint: string): NodeJS.ProcessEnv {
  return { ...process.env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1', [ENDPOINT_VARIABLE]: endpoint };
}
