// SPDX-License-Identifier: Apache-2.0
import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import {
  bodyOf,
  type EventDispatcher,
  type EventDispatcherResponse,
  type LogEvent,
  type Logger,
} from 'opentelemetry-exporter-optimizely';
import type { NatsConnectionOptions, StreamOptions } from '../model/relay-options.js';
import type { Runtime } from '../model/runtime.js';
import { systemRuntime } from '../util/system-runtime.js';
import { batchMessage } from './batch-message.js';
import { resolveStreamOptions } from './jetstream-options.js';
import { NatsLink } from './nats-link.js';
import { SILENT_LOGGER } from './silent-logger.js';

export interface JetStreamDispatcherOptions extends NatsConnectionOptions, StreamOptions {
  /** How long a publish waits for NATS's acknowledgment, milliseconds. @default 5_000 */
  readonly publishTimeoutMillis?: number | undefined;
  /**
   * How long the connection stays open without a batch, milliseconds. An open connection keeps a process alive.
   * @default 1_000
   */
  readonly idleTimeoutMillis?: number | undefined;
  /** @default nothing is logged; the processor logs that deliveries fail */
  readonly logger?: Logger | undefined;
  /** Clock and timers, for tests. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** An `EventDispatcher` that hands batches to a NATS JetStream stream. */
export interface JetStreamDispatcher extends EventDispatcher {
  /**
   * Publishes the batch.
   *
   * @returns 204 and `streamed` once the stream has it. Otherwise what the exporter's table of answers knows: 413 for a batch that is
   *   larger than NATS takes, which is then split, 503 while the stream is full
   * @throws (rejects) if NATS can't be reached or does not acknowledge: the batch is tried again
   */
  dispatchEvent(logEvent: LogEvent, options?: { signal?: AbortSignal }): Promise<EventDispatcherResponse>;
  /** Ends the connection. Never rejects; a later batch makes a new one. */
  close(): Promise<void>;
}

const DEFAULTS = { publishTimeoutMillis: 5_000, idleTimeoutMillis: 1_000 } as const;

/** JetStream's `err_code` of a stream that has no room left. */
const STREAM_FULL_CODES: readonly number[] = [10_047, 10_077];
const TOO_LARGE_CODE = 10_054;

/**
 * Creates the dispatcher to give to an `OptimizelySpanProcessor` or `BatchEventProcessor` as `eventDispatcher`, so that
 * a gateway with `--nats` delivers the batches. Retries, splitting, the ledger and the event store stay the processor's:
 * while NATS is away, events wait there.
 *
 * @throws TypeError if an option is unusable
 */
export function createJetStreamDispatcher(options: JetStreamDispatcherOptions): JetStreamDispatcher {
  return new Dispatcher(options);
}

class Dispatcher implements JetStreamDispatcher {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #publishTimeoutMillis: number;
  readonly #idleTimeoutMillis: number;
  readonly #runtime: Runtime;
  #idleTimer: ReturnType<Runtime['setTimer']> | undefined;
  #publishing = 0;

  constructor(options: JetStreamDispatcherOptions) {
    const {
      publishTimeoutMillis,
      idleTimeoutMillis,
      logger = SILENT_LOGGER,
      runtime = systemRuntime,
    } = options;
    const stream = resolveStreamOptions(options);
    this.#subject = stream.subject;
    this.#publishTimeoutMillis = millis('publishTimeoutMillis', publishTimeoutMillis);
    this.#idleTimeoutMillis = millis('idleTimeoutMillis', idleTimeoutMillis);
    this.#runtime = runtime;
    this.#link = new NatsLink({
      connection: options,
      stream,
      logger,
      name: 'opentelemetry-exporter-optimizely',
      connectTimeoutMillis: this.#publishTimeoutMillis,
    });
  }

  async dispatchEvent(logEvent: LogEvent): Promise<EventDispatcherResponse> {
    this.#publishing++;
    this.#idleTimer?.clear();
    try {
      const { client } = await this.#link.open();
      return await this.#publish(client, logEvent);
    } finally {
      this.#publishing--;
      if (this.#publishing === 0) this.#closeWhenIdle();
    }
  }

  close(): Promise<void> {
    this.#idleTimer?.clear();
    return this.#link.close();
  }

  async #publish(client: JetStreamClient, logEvent: LogEvent): Promise<EventDispatcherResponse> {
    const { payload, id, headers } = batchMessage(new TextEncoder().encode(bodyOf(logEvent)), logEvent.url);
    try {
      await client.publish(this.#subject, payload, {
        msgID: id,
        headers,
        timeout: this.#publishTimeoutMillis,
        // Trying again is the processor's, which knows how long.
        retries: 0,
      });
      return { statusCode: 204, streamed: true };
    } catch (error) {
      const statusCode = statusOf(error);
      if (statusCode === undefined) throw error;
      return { statusCode };
    }
  }

  #closeWhenIdle(): void {
    this.#idleTimer = this.#runtime.setTimer(() => void this.#link.close(), this.#idleTimeoutMillis);
  }
}

/** @returns the HTTP status that has the same consequence; undefined if NATS did not answer */
function statusOf(error: unknown): number | undefined {
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload')) return 413;
  if (!(error instanceof JetStreamApiError)) return undefined;
  if (error.code === TOO_LARGE_CODE) return 413;
  return STREAM_FULL_CODES.includes(error.code) ? 503 : undefined;
}

function millis(name: keyof typeof DEFAULTS, given: unknown): number {
  const value = given ?? DEFAULTS[name];
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new TypeError(`${name} must be a positive number of milliseconds: { ${name}: ${DEFAULTS[name]} }`);
}
