// SPDX-License-Identifier: Apache-2.0
import type { RelayOptions } from '../model/relay-options.js';
import { CommandError } from './command-error.js';

const ROLES = ['receive', 'deliver', 'both'] as const;
const WAYS_TO_AUTHENTICATE = ['nats-creds-file', 'nats-nkey-file', 'nats-token-file', 'nats-user'];

type Flags = Readonly<Record<string, string | undefined>>;

/**
 * Reads the flags of the relay.
 *
 * @returns undefined if there is none
 * @throws CommandError that names the flags which do not go together
 */
export function readRelay(flags: Flags): RelayOptions | undefined {
  const { nats, role } = flags;
  const given = Object.keys(flags).filter(name => name === 'role' || name.startsWith('nats-'));
  if (nats === undefined) {
    if (given.length === 0) return undefined;
    const what =
      flags.config === undefined
        ? 'needs --nats: the URL of a NATS server'
        : "can't be used with --config: write it into that file, under relay";
    throw new CommandError(`--${given[0]} ${what}`, 2);
  }
  const known = ROLES.find(one => one === role);
  if (role !== undefined && known === undefined) {
    throw new CommandError('--role must be receive, deliver or both', 2);
  }
  requireOneWay(flags);
  requireBoth('nats-user', 'nats-password-file', flags);
  requireBoth('nats-cert', 'nats-key', flags);
  const tls = { caFile: flags['nats-ca'], certFile: flags['nats-cert'], keyFile: flags['nats-key'] };
  return {
    servers: nats,
    role: known,
    user: flags['nats-user'],
    passwordFile: flags['nats-password-file'],
    tokenFile: flags['nats-token-file'],
    nkeyFile: flags['nats-nkey-file'],
    credsFile: flags['nats-creds-file'],
    ...(Object.values(tls).some(path => path !== undefined) && { tls }),
  };
}

function requireOneWay(flags: Flags): void {
  const ways = WAYS_TO_AUTHENTICATE.filter(name => flags[name] !== undefined).map(name => `--${name}`);
  if (ways.length > 1) {
    throw new CommandError(`${ways.join(' and ')} exclude each other: give one way to authenticate`, 2);
  }
  if (flags.nats?.includes('@')) {
    const names = WAYS_TO_AUTHENTICATE.map(name => `--${name}`).join(', ');
    throw new CommandError(`--nats must not hold credentials: give one of ${names}`, 2);
  }
}

function requireBoth(one: string, other: string, flags: Flags): void {
  if ((flags[one] === undefined) === (flags[other] === undefined)) return;
  throw new CommandError(`--${one} and --${other} belong together`, 2);
}
