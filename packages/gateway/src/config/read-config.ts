// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { Ajv } from 'ajv';
import type { AckMode, GatewayConfig, ProjectConfig } from '../model/gateway-config.js';
import type { RelayOptions } from '../model/relay-options.js';
import type { ServerOptions } from '../model/server-options.js';
import { describeMistake } from '../util/json-mistake.js';
import { readTextFile } from '../util/text-file.js';
import { ConfigError } from './config-error.js';
import { CONFIG_SCHEMA } from './config-schema.js';
import { describeSchemaError } from './describe-schema-error.js';
import { type ProjectEntry, toProjectConfig } from './project-entry.js';

interface ConfigFile {
  readonly projects: Readonly<Record<string, ProjectEntry>>;
  readonly default?: string;
  readonly ack?: AckMode;
  readonly ackTimeoutMillis?: number;
  readonly server?: ServerOptions;
  readonly relay?: RelayOptions;
}

const SERVER_PATHS = ['tokenFile', 'tlsCert', 'tlsKey', 'tlsClientCa'] as const;

/**
 * Reads a configuration file. Paths in it are relative to the file; secrets are taken from where it says.
 *
 * @param env where secrets may be, such as `process.env`
 * @throws ConfigError if the file can't be read or used
 */
export function readConfigFile(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const file = check(parse(path));
  const base = dirname(resolve(path));
  const projects = Object.entries(file.projects).map(([name, entry]) => {
    const place = `projects.${name}`;
    return [name, toProjectConfig(entry, { place, base, env, ack: file.ack })] as const;
  });
  requireOwnStores(projects);
  const { default: defaultProject, ackTimeoutMillis, server, relay } = file;
  if (defaultProject !== undefined && !Object.hasOwn(file.projects, defaultProject)) {
    throw new ConfigError('default must be the name of one of the projects');
  }
  return {
    projects: Object.fromEntries(projects),
    defaultProject,
    ackTimeoutMillis,
    server: server && withPaths(SERVER_PATHS, server, base),
    relay: relay && relayWithPaths(relay, base),
  };
}

/**
 * What a store holds after a kill is delivered by the project that opens it first: to its endpoint.
 *
 * @throws ConfigError if two projects have one store
 */
function requireOwnStores(projects: readonly (readonly [name: string, ProjectConfig])[]): void {
  const owners = new Map<string, string>();
  for (const [name, { store }] of projects) {
    if (store === undefined) continue;
    const owner = owners.get(store);
    if (owner !== undefined) {
      throw new ConfigError(
        `projects.${name}.store is that of project ${owner}: give each a directory of its own`,
      );
    }
    owners.set(store, name);
  }
}

function parse(path: string): unknown {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    const { code = 'an error' } = error as { code?: string };
    throw new ConfigError(`the configuration ${path} can't be read (${code})`);
  }
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    throw new ConfigError(`the configuration ${path} is not JSON: see ${describeMistake(text)}`);
  }
}

/** @throws ConfigError if the relay's options, given from code, can't be used */
export function checkRelay(relay: RelayOptions): void {
  // As a file would have them: without what is undefined.
  validate(JSON.parse(JSON.stringify(relay)), CONFIG_SCHEMA.properties.relay, 'relay');
}

function check(content: unknown): ConfigFile {
  return validate<ConfigFile>(content, CONFIG_SCHEMA, 'the configuration');
}

function validate<T>(content: unknown, schema: object, name: string): T {
  const accepts = new Ajv({ strict: true, allowUnionTypes: true, verbose: true }).compile<T>(schema);
  if (accepts(content)) return content;
  throw new ConfigError(describeSchemaError(accepts.errors ?? [], name));
}

function withPaths<T extends object>(names: readonly (keyof T)[], options: T, base: string): T {
  const paths = names.flatMap(name => {
    const path = options[name];
    return typeof path === 'string' ? [[name, resolve(base, path)] as const] : [];
  });
  return { ...options, ...Object.fromEntries(paths) };
}

function relayWithPaths(relay: RelayOptions, base: string): RelayOptions {
  const { tls } = relay;
  return {
    ...withPaths(['passwordFile', 'tokenFile', 'nkeyFile', 'credsFile'], relay, base),
    tls: tls && withPaths(['caFile', 'certFile', 'keyFile'], tls, base),
  };
}
