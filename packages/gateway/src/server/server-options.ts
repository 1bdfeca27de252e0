// SPDX-License-Identifier: Apache-2.0
import type { ServerOptions } from '../model/server-options.js';
import { heapLimit } from '../util/memory.js';

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

/** Of the heap, for requests that are being read or wait for their receipt. */
const HEAP_SHARE = 0.25;
/** Of a body that is packed, both forms are held for a moment; and a little for the request itself. */
const BODY_COPIES = 2;
const BESIDES_BODY_BYTES = 8_192;

/**
 * Unset options get their default. A body that the memory of all requests could never hold is too large.
 *
 * @param heapBytes what the heap may grow to
 */
export function resolveServerOptions(options: ServerOptions, heapBytes = heapLimit()): ResolvedServerOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedServerOptions = { ...SERVER_DEFAULTS, ...Object.fromEntries(given) };
  const maxRequestBytesInFlight =
    options.maxRequestBytesInFlight ??
    Math.max(
      Math.min(SERVER_DEFAULTS.maxRequestBytesInFlight, Math.floor(heapBytes * HEAP_SHARE)),
      BODY_COPIES * resolved.maxBodyBytes + BESIDES_BODY_BYTES,
    );
  const largestBody = Math.floor((maxRequestBytesInFlight - BESIDES_BODY_BYTES) / BODY_COPIES);
  return {
    ...resolved,
    maxRequestBytesInFlight,
    maxBodyBytes: Math.min(resolved.maxBodyBytes, Math.max(1, largestBody)),
  };
}
