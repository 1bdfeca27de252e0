// SPDX-License-Identifier: Apache-2.0
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';

/** What NATS's `nsc` makes: an operator, an account with JetStream, and a user's credentials. */
export interface JwtSetup {
  /** Lines of the server's configuration. */
  readonly config: string;
  /** A `.creds` file. */
  readonly creds: string;
  /** Of a user of an account that the server does not know. */
  readonly strangerCreds: string;
}

export function makeJwtSetup(): JwtSetup {
  const operator = createOperator();
  const account = createAccount();
  const limits = {
    subs: -1,
    data: -1,
    payload: -1,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
  };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const system = createAccount();
  const accountToken = sign(operator, account, { type: 'account', limits: { ...limits, ...storage } });
  const systemToken = sign(operator, system, { type: 'account', limits });
  return {
    config: `operator: ${sign(operator, operator, { type: 'operator' })}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: { ${account.getPublicKey()}: ${accountToken}, ${system.getPublicKey()}: ${systemToken} }`,
    creds: credsOf(account),
    strangerCreds: credsOf(createAccount()),
  };
}

function credsOf(account: KeyPair): string {
  const user = createUser();
  const token = sign(account, user, { type: 'user', subs: -1, data: -1, payload: -1, pub: {}, sub: {} });
  return `-----BEGIN NATS USER JWT-----
${token}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`;
}

function sign(issuer: KeyPair, subject: KeyPair, nats: Readonly<Record<string, unknown>>): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: 1_700_000_000,
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const text = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
    .map(part => encode(JSON.stringify(part)))
    .join('.');
  return `${text}.${encode(issuer.sign(new TextEncoder().encode(text)))}`;
}

function encode(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}
