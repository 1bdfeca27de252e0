// SPDX-License-Identifier: Apache-2.0
import type {
  EventDispatcher,
  EventDispatcherResponse,
  LogEvent,
  Logger,
} from 'opentelemetry-exporter-optimizely';
import type { NatsConnectionOptions, StreamOptions } from '../model/relay-options.js';
import type { Runtime } from '../model/runtime.js';
import { systemRuntime } from '../util/system-runtime.js';
import { unlessAborted } from '../util/unless-aborted.js';
import { SENDER } from './batch-message.js';
import { resolveStreamOptions } from './jetstream-options.js';
import { LinkLog } from './link-log.js';
import { NatsLink } from './nats-link.js';
import { StreamPublisher } from './stream-publisher.js';
import { createWarningLogger, unthrowing } from './warning-logger.js';

export interface JetStreamDispatcherOptions extends NatsConnectionOptions, StreamOptions {
  /**
   * Who publishes: NATS's list of connections and the delivering gateway's metrics show it. 1 to 64 letters, digits, or
   * characters of `_ . : -`. @default 'opentelemetry-exporter-optimizely'
   */
  readonly name?: string | undefined;
  /** How long a publish waits for NATS's acknowledgment, milliseconds. @default 5_000 */
  readonly publishTimeoutMillis?: number | undefined;
  /**
   * How long the connection stays open without a batch, milliseconds. An open connection keeps a process alive.
   * @default 1_000
   */
  readonly idleTimeoutMillis?: number | undefined;
  /** @default what is wrong is a warning of the process, `OPTIMIZELY_STREAM_UNUSABLE`, once */
  readonly logger?: Logger | undefined;
  /** Clock and timers, for tests. @default the system's */
  readonly runtime?: Runtime | undefined;
}

/** An `EventDispatcher` that hands batches to a NATS JetStream stream. */
export interface JetStreamDispatcher extends EventDispatcher {
  /**
   * Publishes the batch.
   *
   * @returns 204 and `streamed` once the stream has it. Otherwise what the exporter's table of answers knows: 413 for a
   * batch that is larger than NATS takes, which is then split, 503 while the stream is full
   * @throws (rejects) if NATS can't be reached or does not acknowledge, or `signal` aborts: the batch is tried again
   */
  dispatchEvent(
    logEvent: LogEvent,
    options?: { signal?: AbortSignal; ageMillis?: number },
  ): Promise<EventDispatcherResponse>;
  /** Ends the connection. Never rejects; a later batch makes a new one. */
  close(): Promise<void>;
}

const NAME = 'opentelemetry-exporter-optimizely';
const DEFAULTS = { publishTimeoutMillis: 5_000, idleTimeoutMillis: 1_000 } as const;

/**
 * Creates the dispatcher to give to an `OptimizelySpanProcessor` or `BatchEventProcessor` as `eventDispatcher`, so that
 * a gateway with `--nats` delivers the batches. Retries, splitting, the ledger and the event store stay the processor's:
 * while NATS is away, events wait there. The ledger counts what the stream has as `streamed`.
 *
 * @throws TypeError if an option is unusable
 */
export function createJetStreamDispatcher(options: JetStreamDispatcherOptions): JetStreamDispatcher {
  return new Dispatcher(options);
}

class Dispatcher implements JetStreamDispatcher {
  readonly destination: string;
  readonly #link: NatsLink;
  readonly #publisher: StreamPublisher;
  readonly #idleTimeoutMillis: number;
  readonly #runtime: Runtime;
  #idleTimer: ReturnType<Runtime['setTimer']> | undefined;
  #publishing = 0;

  constructor(options: JetStreamDispatcherOptions) {
    const { logger = createWarningLogger(), runtime = systemRuntime, name = NAME } = options;
    if (typeof name !== 'string' || !SENDER.test(name))
      throw new TypeError("name must be 1 to 64 letters, digits, or characters of _ . : -: { name: 'shop' }");
    const stream = resolveStreamOptions(options);
    const publishTimeoutMillis = millis('publishTimeoutMillis', options.publishTimeoutMillis);
    this.#idleTimeoutMillis = millis('idleTimeoutMillis', options.idleTimeoutMillis);
    this.#runtime = runtime;
    const link = new NatsLink({
      connection: options,
      stream,
      log: new LinkLog(unthrowing(logger)),
      name,
      connectTimeoutMillis: publishTimeoutMillis,
      runtime,
    });
    this.#link = link;
    this.#publisher = new StreamPublisher({ ...stream, link, sender: name, publishTimeoutMillis });
    this.destination = this.#publisher.destination;
  }

  async dispatchEvent(
    logEvent: LogEvent,
    options?: { signal?: AbortSignal; ageMillis?: number },
  ): Promise<EventDispatcherResponse> {
    this.#publishing++;
    this.#idleTimer?.clear();
    try {
      return await unlessAborted(options, this.#publisher.publish(logEvent, options?.ageMillis ?? 0));
    } finally {
      this.#publishing--;
      if (this.#publishing === 0) this.#closeWhenIdle();
    }
  }

  close(): Promise<void> {
    this.#idleTimer?.clear();
    return this.#link.close();
  }

  #closeWhenIdle(): void {
    this.#idleTimer?.clear();
    this.#idleTimer = this.#runtime.setTimer(() => void this.#link.close(), this.#idleTimeoutMillis);
  }
}

function millis(name: keyof typeof DEFAULTS, given: unknown): number {
  const value = given ?? DEFAULTS[name];
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new TypeError(`${name} must be a positive number of milliseconds: { ${name}: ${DEFAULTS[name]} }`);
}
