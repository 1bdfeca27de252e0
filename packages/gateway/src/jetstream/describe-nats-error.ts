// SPDX-License-Identifier: Apache-2.0
import { errors } from '@nats-io/transport-node';
import type { NatsConnectionOptions } from '../model/relay-options.js';

/** Node's codes of certificates that are not trusted. */
const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/** The server, in its own words, about the client's certificate. */
const CLIENT_CERTIFICATE = /^ERR_SSL_\w*(CERTIFICATE|HANDSHAKE|UNKNOWN_CA)\w*$/;
/** OpenSSL, about the content of a file. */
const UNUSABLE_FILE = /^ERR_OSSL_|^ERR_SSL_(NO_START_LINE|BAD_\w+|WRONG_\w+)|^ERR_CRYPTO_/;

/** With TLS 1.3, the server's refusal may be lost in the end of the connection. */
const ENDED: readonly string[] = ['ECONNRESET', 'EPIPE'];

/** Says in a sentence what is wrong and which option to look at, and nothing of what is in a file. */
export function describeNatsError(error: unknown, options: NatsConnectionOptions): string {
  if (error instanceof errors.UserAuthenticationExpiredError)
    return `the credentials have expired: renew ${wayOf(options)}`;
  if (error instanceof errors.AuthorizationError)
    return `the server refuses the credentials: check ${wayOf(options)}`;
  if (error instanceof errors.PermissionViolationError)
    return `the account may not ${error.operation === 'publish' ? 'publish' : 'subscribe'} to "${error.subject}"`;
  // Not among the names that NATS's package exports.
  if (error instanceof Error && error.name === 'JetStreamNotEnabled')
    return 'JetStream is not enabled on the server or for the account';
  if (error instanceof errors.TimeoutError) return 'the server does not answer in time';
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) return `the server's certificate is not trusted (${code}): check tls.caFile`;
  if (CLIENT_CERTIFICATE.test(code))
    return `the server refuses the client's certificate (${code}): check tls.certFile and tls.keyFile`;
  if (UNUSABLE_FILE.test(code))
    return `a certificate or key can't be used (${code}): check tls.caFile, tls.certFile, and tls.keyFile`;
  if (options.tls !== undefined && ENDED.includes(code))
    return `the server ends the connection: if it asks for a client's certificate, check tls.certFile and tls.keyFile`;
  return error instanceof Error && error.message !== '' ? error.message : 'unknown error';
}

function wayOf({ user, tokenFile, nkeyFile, credsFile }: NatsConnectionOptions): string {
  if (user !== undefined) return 'user and passwordFile';
  if (tokenFile !== undefined) return 'tokenFile';
  if (nkeyFile !== undefined) return 'nkeyFile';
  if (credsFile !== undefined) return 'credsFile';
  return 'that one of user, tokenFile, nkeyFile, and credsFile is given';
}

/** Of the error, or of what it was made of. */
function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}
