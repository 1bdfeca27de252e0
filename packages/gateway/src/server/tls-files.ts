// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
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
  if (ca !== undefined) requireCertificates(ca.toString('latin1'));
  requireUsable({ cert }, `the certificate ${NOT_PEM}`);
  requireUsable({ key }, `the key ${NOT_PEM}`);
  requireUsable({ cert, key }, NOT_A_PAIR);
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ...(ca && { ca }) };
  createSecureContext(options);
  return options;
}

const NOT_PEM = "can't be used: it must be PEM, without a passphrase";
const NOT_A_PAIR = 'the key is not that of the certificate: replace both files';

/**
 * OpenSSL's own words name neither of the files.
 *
 * @throws Error
 */
function requireUsable(part: SecureContextOptions, problem: string): void {
  try {
    createSecureContext(part);
  } catch {
    throw new Error(problem);
  }
}

/**
 * OpenSSL takes what it can read of a list, and nothing for a list of none: with a file that is being written, senders
 * would be refused whose authority is in the rest of it.
 *
 * @throws Error
 */
function requireCertificates(list: string): void {
  const certificates = list.split(/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m).slice(1);
  if (certificates.length === 0) {
    throw new Error('there is no certificate in the file of client authorities');
  }
  for (const [index, rest] of certificates.entries()) {
    const [body, end] = rest.split(/^-----END (?:TRUSTED |X509 )?CERTIFICATE-----/m);
    try {
      if (end === undefined) throw new Error('it has no end');
      new X509Certificate(`-----BEGIN CERTIFICATE-----${body}-----END CERTIFICATE-----`);
    } catch {
      throw new Error(`certificate ${index + 1} in the file of client authorities can't be read`);
    }
  }
}
