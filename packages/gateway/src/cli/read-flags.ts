// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import type { GatewayOptions } from '../options/gateway-options.js';
import { CommandError } from './command-error.js';
import { readRelay } from './read-relay.js';
import { readSize } from './read-size.js';

type Env = Readonly<Record<string, string | undefined>>;

const FLAGS = {
  'sdk-key': { type: 'string' },
  datafile: { type: 'string' },
  config: { type: 'string' },
  store: { type: 'string' },
  'max-store': { type: 'string' },
  endpoint: { type: 'string' },
  ack: { type: 'string' },
  nats: { type: 'string' },
  role: { type: 'string' },
  'nats-user': { type: 'string' },
  'nats-password-file': { type: 'string' },
  'nats-token-file': { type: 'string' },
  'nats-nkey-file': { type: 'string' },
  'nats-creds-file': { type: 'string' },
  'nats-ca': { type: 'string' },
  'nats-cert': { type: 'string' },
  'nats-key': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'max-body': { type: 'string' },
  'token-file': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-client-ca': { type: 'string' },
} as const;

/** How the command line, or the environment, writes an option. */
const NAMES: Readonly<Partial<Record<string, string>>> = {
  maxBodyBytes: '--max-body',
  maxStoreBytes: '--max-store',
  relay: '--nats',
  datafileAccessToken: 'OPTIMIZELY_DATAFILE_ACCESS_TOKEN',
  datafileUrlTemplate: 'OPTIMIZELY_DATAFILE_URL_TEMPLATE',
};

/** @returns the flag of an option */
export function asFlag(option: string): string {
  return NAMES[option] ?? `--${option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/**
 * @param env where a flag is absent, its variable counts; an empty one does not
 * @throws CommandError, or what `parseArgs` throws, if a flag can't be read
 */
export function readFlags(args: string[], env: Env): GatewayOptions {
  const { values } = parseArgs({ args, options: FLAGS });
  const { port, 'max-body': maxBody, 'max-store': maxStore, ack } = values;
  const hasSource = values.datafile !== undefined || values.config !== undefined;
  const sdkKey = values['sdk-key'] ?? (hasSource ? undefined : given(env.OPTIMIZELY_SDK_KEY));
  return withoutUnset({
    sdkKey,
    datafile: values.datafile,
    config: values.config,
    datafileAccessToken: sdkKey && given(env.OPTIMIZELY_DATAFILE_ACCESS_TOKEN),
    datafileUrlTemplate: sdkKey && given(env.OPTIMIZELY_DATAFILE_URL_TEMPLATE),
    store: values.store,
    maxStoreBytes: maxStore === undefined ? undefined : readSize('--max-store', maxStore),
    endpoint:
      values.endpoint ?? (values.config === undefined ? given(env.OPTIMIZELY_EVENTS_ENDPOINT) : undefined),
    ack: ack as GatewayOptions['ack'],
    relay: readRelay(values),
    host: values.host,
    port: port === undefined ? undefined : readPort(port),
    maxBodyBytes: maxBody === undefined ? undefined : readSize('--max-body', maxBody),
    tokenFile: values['token-file'],
    tlsCert: values['tls-cert'],
    tlsKey: values['tls-key'],
    tlsClientCa: values['tls-client-ca'],
  });
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new CommandError('--port must be a whole number from 0 to 65535', 2);
}

function given(text: string | undefined): string | undefined {
  return text?.trim() || undefined;
}

function withoutUnset(options: GatewayOptions): GatewayOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
