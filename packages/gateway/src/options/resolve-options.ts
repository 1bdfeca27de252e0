// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants } from 'node:fs';
import { ConfigError } from '../config/config-error.js';
import { checkRelay, readConfigFile } from '../config/read-config.js';
import { singleProject } from '../config/single-project.js';
import type { GatewayConfig } from '../model/gateway-config.js';
import type { ServerOptions } from '../model/server-options.js';
import { requireTextFile } from '../util/text-file.js';
import { checkOptions } from './check-options.js';
import { type GatewayOptions, PROJECT_OPTIONS } from './gateway-options.js';
import { refuseOwnEndpoint } from './own-endpoint.js';

export interface ResolvedGateway {
  readonly config: GatewayConfig;
  readonly server: ServerOptions;
}

/** How an option is written where a gateway is started from code. */
export const asOption = (name: string): string => name;

/**
 * Makes of the options what the engine and the server take; reads the configuration file, if there is one.
 *
 * @param nameOf how the caller writes an option, for messages
 * @throws ConfigError that says what to write
 */
export function resolveOptions(options: GatewayOptions, nameOf: (option: string) => string): ResolvedGateway {
  checkOptions(options, nameOf);
  const sources = (['sdkKey', 'datafile', 'config'] as const).filter(name => options[name] !== undefined);
  if (sources.length !== 1) {
    const names = ['sdkKey', 'datafile', 'config'].map(nameOf).join(', ');
    throw new ConfigError(
      sources.length === 0
        ? `one of ${names} is needed`
        : `only one of ${sources.map(nameOf).join(', ')} can be used`,
    );
  }
  const config =
    options.config === undefined ? ofOneProject(options, nameOf) : ofFile(options, options.config, nameOf);
  const server = { ...config.server, ...serverOptionsOf(options) };
  checkTls(server, nameOf);
  refuseOwnEndpoint(config, server);
  return { config, server };
}

function ofOneProject(options: GatewayOptions, nameOf: (option: string) => string): GatewayConfig {
  const { sdkKey, datafile, ack, store } = options;
  if (ack === 'stored' && store === undefined) {
    throw new ConfigError(
      `${nameOf('ack')} stored needs ${nameOf('store')}: the directory of the event store`,
    );
  }
  if (options.maxStoreBytes !== undefined && store === undefined) {
    throw new ConfigError(`${nameOf('maxStoreBytes')} needs ${nameOf('store')}`);
  }
  for (const name of ['datafileAccessToken', 'datafileUrlTemplate'] as const) {
    if (options[name] !== undefined && sdkKey === undefined) {
      throw new ConfigError(`${nameOf(name)} needs ${nameOf('sdkKey')}`);
    }
  }
  if (datafile !== undefined) requireReadable(datafile);
  if (options.relay !== undefined) checkRelay(options.relay);
  const project = Object.fromEntries(PROJECT_OPTIONS.map(name => [name, options[name]]));
  return { ...singleProject({ sdkKey, datafile, ...project }), relay: options.relay };
}

function ofFile(options: GatewayOptions, path: string, nameOf: (option: string) => string): GatewayConfig {
  const misplaced = [...PROJECT_OPTIONS, 'relay' as const].find(name => options[name] !== undefined);
  if (misplaced !== undefined) {
    throw new ConfigError(
      `${nameOf(misplaced)} can't be used with ${nameOf('config')}: write it into that file`,
    );
  }
  const config = readConfigFile(path, process.env);
  for (const { source } of Object.values(config.projects)) {
    if (source.kind === 'file') requireReadable(source.path);
  }
  return config;
}

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
    requireTextFile(path);
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(`the datafile ${path} can't be read (${code})`);
  }
}

const SERVER_OPTIONS = [
  'host',
  'port',
  'tokenFile',
  'tlsCert',
  'tlsKey',
  'tlsClientCa',
  'maxBodyBytes',
  'maxRequestBytesInFlight',
  'maxConnections',
  'maxHeaderBytes',
  'headersTimeoutMillis',
  'requestTimeoutMillis',
  'keepAliveTimeoutMillis',
  'logLevel',
] as const satisfies readonly (keyof ServerOptions)[];

function serverOptionsOf(options: GatewayOptions): ServerOptions {
  const given = SERVER_OPTIONS.filter(name => options[name] !== undefined);
  return Object.fromEntries(given.map(name => [name, options[name]]));
}

function checkTls({ tlsCert, tlsKey, tlsClientCa }: ServerOptions, nameOf: (option: string) => string): void {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError(`${nameOf('tlsCert')} and ${nameOf('tlsKey')} belong together`);
  }
  if (tlsClientCa !== undefined && tlsCert === undefined) {
    throw new ConfigError(`${nameOf('tlsClientCa')} needs ${nameOf('tlsCert')} and ${nameOf('tlsKey')}`);
  }
}
