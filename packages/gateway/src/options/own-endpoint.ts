// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../config/config-error.js';
import type { GatewayConfig } from '../model/gateway-config.js';
import type { ServerOptions } from '../model/server-options.js';

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
const EVERY_ADDRESS = ['0.0.0.0', '::'];

/**
 * A gateway that sends to itself would go on for ever: with `OPTIMIZELY_EVENTS_ENDPOINT` in a shared environment, that is
 * one line away.
 *
 * @throws ConfigError that names the project
 */
export function refuseOwnEndpoint(
  { projects }: GatewayConfig,
  { host = '127.0.0.1', port = 4318 }: Pick<ServerOptions, 'host' | 'port'>,
): void {
  for (const [project, { endpoint }] of Object.entries(projects)) {
    if (endpoint === undefined || !URL.canParse(endpoint)) continue;
    const { host: address, hostname, port: given, protocol } = new URL(endpoint);
    const endpointPort = given === '' ? (protocol === 'https:' ? 443 : 80) : Number(given);
    const name = hostname.replace(/^\[|\]$/g, '');
    const reaches =
      name === host || (LOOPBACK.test(name) && (LOOPBACK.test(host) || EVERY_ADDRESS.includes(host)));
    if (port === endpointPort && reaches)
      throw new ConfigError(`the endpoint of project ${project} is the gateway itself: ${address}`);
  }
}
