// SPDX-License-Identifier: Apache-2.0

/**
 * A gateway for experiment events of any language.
 *
 * @module optimizely-event-gateway
 */

export { ConfigError } from './config/config-error.js';
export type { Gateway } from './gateway.js';
export type { AckMode } from './model/gateway-config.js';
export type { LogLevel, ServerOptions } from './model/server-options.js';
export type { GatewayOptions } from './options/gateway-options.js';
export { startGateway } from './start-gateway.js';
