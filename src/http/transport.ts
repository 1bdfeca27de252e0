// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { RequestOwner } from '../model/event-dispatcher.js';
import type { PackageLogger } from '../model/logger.js';
import type { Destination } from './destination.js';
import type { NamedProxy } from './proxy-environment.js';

export interface Message {
  readonly method: 'GET' | 'POST';
  readonly headers?: Record<string, string> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** Carries out requests. Redirects are not followed, interim answers (1xx) are skipped. */
export interface Transport {
  /**
   * The owner hears of the answer when its head has come, since nothing in the body changes what it says.
   *
   * @throws where no request can be made; the owner may hear nothing then
   */
  post(destination: Destination, message: Message, proxy: NamedProxy | undefined, owner: RequestOwner): void;
  /** The answer with its body, which has to be read or drained. */
  get(
    destination: Destination,
    message: Pick<Message, 'headers'> & { readonly signal: AbortSignal },
    proxy: NamedProxy | undefined,
  ): Promise<Answer>;
  /** Ends what is in flight. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** For a connection to be made, and for the head of an answer, milliseconds. */
  readonly timeoutMillis: number;
  /** Whether a request in flight keeps the process alive. */
  readonly keepsProcess: boolean;
}

export interface ClientOptions extends TransportOptions {
  /** An undici dispatcher of the application's. */
  readonly dispatcher: Dispatcher | undefined;
  readonly logger: PackageLogger;
}

/** Above `maxConcurrentRequests`: a request that undici queues itself would run outside the untraced context. */
export const CONNECTIONS_PER_ORIGIN = 64;
export const KEEP_ALIVE_MILLIS = 4_000;

/** An answer with larger headers counts as no answer. Gateways add more than the 16 KiB that Node and undici allow. */
export const MOST_HEADER_BYTES = 262_144;
