// SPDX-License-Identifier: Apache-2.0
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ServerOptions } from '../model/server-options.js';

/** @returns the files that {@link readTls} takes, in its order; undefined where TLS is not asked for */
export function tlsPaths({ tlsCert, tlsKey, tlsClientCa }: ServerOptions): readonly string[] | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return tlsClientCa === undefined ? [tlsCert, tlsKey] : [tlsCert, tlsKey, tlsClientCa];
}

/**
 * @param contents certificate, key and, where senders must show one, the authorities of their certificates
 * @returns what a server takes, at the start and again for each change
 * @throws Error if the key is not that of the certificate, or one of them can't be read: files that are replaced one
 * after the other do not belong together for a moment
 */
export function readTls([cert, key, ca]: readonly Buffer[]): SecureContextOptions {
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    // Else it would be taken for a list of none, and OpenSSL's message would name no file.
    throw new Error('there is no certificate in the file of client authorities');
  }
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ...(ca && { ca }) };
  createSecureContext(options);
  return options;
}
