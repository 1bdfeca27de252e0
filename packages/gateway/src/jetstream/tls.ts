// SPDX-License-Identifier: Apache-2.0
import type { NatsConnectionOptions } from '../model/relay-options.js';
import { readSecret } from './jetstream-options.js';

/** What NATS's client takes; without `rejectUnauthorized`, which stays true. */
export interface TlsContents {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws TypeError if certificate and key are not given together */
export function checkTls({ tls = {} }: NatsConnectionOptions): void {
  if ((tls.certFile === undefined) === (tls.keyFile === undefined)) return;
  throw new TypeError(
    "tls.certFile and tls.keyFile belong together: { certFile: 'client.pem', keyFile: 'client.key' }",
  );
}

/**
 * Reads the files of the TLS options, anew for each connection. Where an address asks for TLS or a file is given, a
 * server without it is refused.
 *
 * @returns undefined where the server decides
 * @throws Error that names a file's option
 */
export function tlsOf(
  { tls = {} }: NatsConnectionOptions,
  servers: readonly string[],
): TlsContents | undefined {
  const { caFile, certFile, keyFile } = tls;
  const isWanted = caFile ?? certFile ?? servers.find(server => server.startsWith('tls://'));
  if (isWanted === undefined) return undefined;
  return {
    ...(caFile !== undefined && { ca: readSecret('tls.caFile', caFile) }),
    ...(certFile !== undefined && { cert: readSecret('tls.certFile', certFile) }),
    ...(keyFile !== undefined && { key: readSecret('tls.keyFile', keyFile) }),
  };
}
