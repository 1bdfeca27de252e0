// SPDX-License-Identifier: Apache-2.0

import type { NatsConnectionOptions, StreamOptions } from '../model/relay-options.js';
import { readTextFile } from '../util/text-file.js';

/** @default of every limit of the stream that is made */
const STREAM_DEFAULTS = {
  stream: 'optimizely-events',
  subject: 'optimizely.events',
  maxAgeMillis: 604_800_000,
  maxBytes: 10_737_418_240,
  replicas: 1,
} as const;

export type ResolvedStreamOptions = {
  readonly [Name in keyof typeof STREAM_DEFAULTS]: Name extends 'stream' | 'subject' ? string : number;
} & {
  /** The limits that were asked for, without defaults. */
  readonly given: Pick<StreamOptions, 'maxAgeMillis' | 'maxBytes' | 'replicas'>;
};

const NAME = /^[\w-]+$/;
const SUBJECT = /^[\w-]+(\.[\w-]+)*$/;

/** @throws TypeError if a setting is unusable: a stream with other limits than the ones meant would lose events */
export function resolveStreamOptions(given: StreamOptions): ResolvedStreamOptions {
  const stream = given.stream ?? STREAM_DEFAULTS.stream;
  const subject = given.subject ?? STREAM_DEFAULTS.subject;
  if (!NAME.test(stream))
    throw new TypeError("stream must be letters, digits, - and _: { stream: 'optimizely-events' }");
  if (!SUBJECT.test(subject))
    throw new TypeError("subject must be words with dots between: { subject: 'optimizely.events' }");
  return {
    stream,
    subject,
    maxAgeMillis: positive('maxAgeMillis', given.maxAgeMillis),
    maxBytes: positive('maxBytes', given.maxBytes),
    replicas: replicasOf(given.replicas),
    given: { maxAgeMillis: given.maxAgeMillis, maxBytes: given.maxBytes, replicas: given.replicas },
  };
}

function positive(name: 'maxAgeMillis' | 'maxBytes', given: unknown): number {
  const value = given ?? STREAM_DEFAULTS[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`${name} must be a positive integer: { ${name}: ${STREAM_DEFAULTS[name]} }`);
}

function replicasOf(given: unknown): number {
  const value = given ?? STREAM_DEFAULTS.replicas;
  if (value === 1 || value === 3 || value === 5) return value;
  throw new TypeError('replicas must be 1, 3 or 5: { replicas: 3 }');
}

const ADDRESS = /^((nats|tls):\/\/)?[^\s/@?#]+\/?$/;

/** @throws TypeError if there is no server, or a URL has credentials in it */
export function serversOf({ servers }: NatsConnectionOptions): string[] {
  const list = typeof servers === 'string' ? servers.split(',').map(server => server.trim()) : servers;
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.some(server => typeof server !== 'string' || server === '')
  )
    throw new TypeError("servers must name a NATS server: { servers: 'nats://127.0.0.1:4222' }");
  const unusable = list.find(server => !ADDRESS.test(server));
  if (unusable !== undefined && !unusable.includes('@'))
    throw new TypeError('a NATS server is nats://host:port or tls://host:port, or host:port');
  // What logs and errors say of a server is its URL.
  if (list.some(server => server.includes('@')))
    throw new TypeError(
      'a NATS server URL must not hold credentials: give credsFile, nkeyFile, tokenFile, or user and passwordFile',
    );
  return list;
}

/** @throws Error that names the option, and not what is in the file */
export function readSecret(option: string, path: string): string {
  try {
    // A line break at the end is an editor's.
    const secret = readTextFile(path).replace(/[\r\n]+$/, '');
    if (secret.trim() !== '') return secret;
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new Error(`${option} cannot be read (${code}): ${path}`);
  }
  throw new Error(`${option} names an empty file: ${path}`);
}
