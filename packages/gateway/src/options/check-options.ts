// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../config/config-error.js';
import type { GatewayOptions } from './gateway-options.js';

interface Check {
  /** What the value must be, for the message. */
  readonly kind: string;
  readonly accepts: (value: unknown) => boolean;
}

const TEXT: Check = {
  kind: 'text that is not empty',
  accepts: value => typeof value === 'string' && value.trim() !== '',
};
const COUNT = whole(1, Number.MAX_SAFE_INTEGER);
const URL_TEXT: Check = { kind: 'an http or https URL', accepts: isHttpUrl };
const OBJECT: Check = { kind: 'an object', accepts: value => typeof value === 'object' && value !== null };

const CHECKS: Readonly<Record<keyof GatewayOptions, Check>> = {
  sdkKey: TEXT,
  datafile: TEXT,
  config: TEXT,
  datafileAccessToken: TEXT,
  datafileUrlTemplate: TEXT,
  store: TEXT,
  maxStoreBytes: COUNT,
  endpoint: URL_TEXT,
  ack: oneOf('stored', 'delivered'),
  ackTimeoutMillis: COUNT,
  batchSize: COUNT,
  flushIntervalMillis: COUNT,
  host: TEXT,
  port: whole(0, 65_535),
  tokenFile: TEXT,
  tlsCert: TEXT,
  tlsKey: TEXT,
  tlsClientCa: TEXT,
  maxBodyBytes: COUNT,
  maxRequestBytesInFlight: COUNT,
  maxConnections: COUNT,
  maxHeaderBytes: COUNT,
  headersTimeoutMillis: COUNT,
  requestTimeoutMillis: COUNT,
  keepAliveTimeoutMillis: COUNT,
  logLevel: oneOf('debug', 'info', 'warn', 'error', 'silent'),
  relay: OBJECT,
  logger: OBJECT,
  runtime: OBJECT,
};

/**
 * @param nameOf how the caller writes an option, for messages
 * @throws ConfigError that says what to write
 */
export function checkOptions(options: GatewayOptions, nameOf: (option: string) => string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(CHECKS, name)) throw new ConfigError(`there is no option ${nameOf(name)}`);
    const { kind, accepts } = CHECKS[name as keyof GatewayOptions];
    if (!accepts(value)) throw new ConfigError(`${nameOf(name)} must be ${kind}`);
  }
}

function whole(least: number, most: number): Check {
  return {
    kind:
      most === Number.MAX_SAFE_INTEGER
        ? 'a positive whole number'
        : `a whole number from ${least} to ${most}`,
    accepts: value => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

function oneOf(...values: readonly string[]): Check {
  return { kind: values.join(' or '), accepts: value => values.includes(value as string) };
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
