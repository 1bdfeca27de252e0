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
  if (user !== undefined && passwordFile !== undefined)
    return usernamePasswordAuthenticator(user, () => readSecret('passwordFile', passwordFile));
  if (tokenFile !== undefined) return tokenAuthenticator(() => readSecret('tokenFile', tokenFile));
  if (nkeyFile !== undefined)
    return keyFrom('nkeyFile', nkeyFile, 'the seed of an nkey', text => nkeyAuthenticator(encode(text)));
  if (credsFile === undefined) return undefined;
  return keyFrom('credsFile', credsFile, 'a JWT and a seed, as a .creds file has them', text =>
    // NATS's reader knows one kind of line break, and needs one at the end.
    credsAuthenticator(encode(`${text.replaceAll('\r\n', '\n')}\n`)),
  );
}

/** @param kind what must be in the file */
function keyFrom(
  option: string,
  path: string,
  kind: string,
  read: (text: string) => Authenticator,
): Authenticator {
  return nonce => {
    const text = readSecret(option, path);
    try {
      return read(text)(nonce);
    } catch {
      // What NATS says of it may show some of it.
      throw new Error(`${option} must hold ${kind}: ${path}`);
    }
  };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
