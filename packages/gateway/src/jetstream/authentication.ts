// SPDX-License-Identifier: Apache-2.0
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import type { NatsConnectionOptions } from '../model/relay-options.js';
import { readSecret } from './jetstream-options.js';

/**
 * Says who we are, by whichever of the options is given. Files are read at each connection.
 *
 * @returns undefined if none is given
 * @throws TypeError if several are
 */
export function authenticatorOf(options: NatsConnectionOptions): Authenticator | undefined {
  const { user, passwordFile, tokenFile, nkeyFile, credsFile } = options;
  const given = Object.entries({ user, tokenFile, nkeyFile, credsFile }).flatMap(([name, value]) =>
    value ? [name] : [],
  );
  if (given.length > 1)
    throw new TypeError(`${given.join(' and ')} exclude each other: give one way to authenticate`);
  if ((user === undefined) !== (passwordFile === undefined))
    throw new TypeError(
      "user and passwordFile belong together: { user: 'gateway', passwordFile: '/run/secrets/nats' }",
    );
  const text = (option: string, path: string) => () => readSecret(option, path);
  const bytes = (option: string, path: string) => () => new TextEncoder().encode(readSecret(option, path));
  if (user !== undefined && passwordFile !== undefined)
    return usernamePasswordAuthenticator(user, text('passwordFile', passwordFile));
  if (tokenFile !== undefined) return tokenAuthenticator(text('tokenFile', tokenFile));
  if (nkeyFile !== undefined) return nkeyAuthenticator(bytes('nkeyFile', nkeyFile));
  return credsFile === undefined ? undefined : credsAuthenticator(bytes('credsFile', credsFile));
}
