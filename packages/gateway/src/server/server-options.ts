// SPDX-License-Identifier: Apache-2.0
import type { ServerOptions } from '../model/server-options.js';

type Files = 'tokenFile' | 'tlsCert' | 'tlsKey' | 'tlsClientCa';
type Required_ = {
  readonly [Name in Exclude<keyof ServerOptions, Files>]-?: NonNullable<ServerOptions[Name]>;
};

/** {@link ServerOptions} with its defaults. */
export type ResolvedServerOptions = Required_ & Pick<ServerOptions, Files>;

export const SERVER_DEFAULTS: Required_ = {
  host: '127.0.0.1',
  port: 4_318,
  maxBodyBytes: 16_777_216,
  maxRequestBytesInFlight: 268_435_456,
  maxConnections: 16_384,
  maxHeaderBytes: 16_384,
  headersTimeoutMillis: 10_000,
  requestTimeoutMillis: 30_000,
  keepAliveTimeoutMillis: 120_000,
  logLevel: 'info',
};

/** Unset options get their default. */
export function resolveServerOptions(options: ServerOptions): ResolvedServerOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...SERVER_DEFAULTS, ...Object.fromEntries(given) };
}
