// SPDX-License-Identifier: Apache-2.0
import type { Consumer, JetStreamManager } from '@nats-io/jetstream';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { NatsConnectionOptions } from '../model/relay-options.js';
import type { Runtime } from '../model/runtime.js';
import { Pause } from '../util/pause.js';
import type { ConsumerOptions } from './consumer-fit.js';
import { describeNatsError } from './describe-nats-error.js';
import { MisfitError } from './fit.js';
import type { MessageDelivery } from './message-delivery.js';
import { MessageRequests } from './message-requests.js';
import type { MessagesInHand } from './messages-in-hand.js';
import type { NatsLink, OpenLink } from './nats-link.js';
import { openConsumer } from './open-stream.js';
import type { StrandedMessages, StreamPosition } from './stranded-messages.js';
import type { StreamMessage } from './stream-message.js';
import type { StreamMonitor } from './stream-monitor.js';

export interface RelayFeedOptions {
  readonly link: NatsLink;
  readonly connection: NatsConnectionOptions;
  readonly stream: string;
  readonly consumer: ConsumerOptions;
  readonly hand: MessagesInHand;
  readonly delivery: Pick<MessageDelivery, 'deliver' | 'stop'>;
  readonly monitor: StreamMonitor;
  readonly stranded: Pick<StrandedMessages, 'find'>;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

const MONITOR_MILLIS = 15_000;

/** Takes messages from the stream for delivery, as many as there is room for, whatever happens to the connection. */
export class RelayFeed {
  readonly #options: RelayFeedOptions;
  readonly #handling = new Set<Promise<void>>();
  readonly #pause: Pause;
  readonly #said = new Set<string>();
  readonly #requests: MessageRequests;
  #running: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isStopping = false;
  #isFailing = false;

  constructor(options: RelayFeedOptions) {
    this.#options = options;
    this.#pause = new Pause(options.runtime);
    this.#requests = new MessageRequests(message => this.#begin(message), options.runtime);
  }

  /** Whether messages can't be had. */
  get isFailing(): boolean {
    return this.#isFailing || this.#options.link.isFailing;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Asks for no more messages; those in hand go on. */
  stop(): void {
    this.#isStopping = true;
    this.#options.delivery.stop();
    this.#requests.stop();
    this.#options.hand.wake();
    this.#pause.end();
  }

  /** After `stop()`: waits until those in hand are answered, and ends the connection. Never rejects. */
  async ended(): Promise<void> {
    await this.#running;
    await this.#requests.ended();
    await Promise.all(this.#handling);
    await this.#options.link.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const open = await this.#open();
      if (open !== undefined) await this.#consume(open);
      if (!this.#isStopping) await this.#pause.begin();
    }
  }

  async #open(): Promise<OpenLink | undefined> {
    try {
      return await this.#options.link.open();
    } catch {
      // The link has logged it.
      return undefined;
    }
  }

  async #consume(open: OpenLink): Promise<void> {
    const { link, stream, consumer, hand } = this.#options;
    try {
      hand.extendWithin(await openConsumer(open.manager, stream, consumer));
      const source = await open.client.consumers.get(stream, consumer.consumer);
      while (!this.#isStopping && !open.connection.isClosed()) {
        await this.#look(open);
        if (hand.room > 0) await this.#fetch(source);
        else await hand.changed();
      }
    } catch (error) {
      // A server that does not answer, or a consumer that is gone: all of it is made anew.
      link.abandon(open);
      this.#failed(error);
    }
  }

  async #fetch(source: Consumer): Promise<void> {
    const { hand, consumer } = this.#options;
    const messages = await source.fetch({ max_messages: hand.room, expires: consumer.fetchMillis });
    if (this.#isStopping) messages.stop();
    if (await this.#requests.take(messages, consumer.fetchMillis)) this.#worked();
  }

  #begin(message: StreamMessage): void {
    const { hand, delivery } = this.#options;
    hand.begin(message);
    const handled: Promise<void> = delivery.deliver(message).finally(() => {
      hand.end(message);
      this.#handling.delete(handled);
    });
    this.#handling.add(handled);
  }

  async #look({ manager }: OpenLink): Promise<void> {
    const { runtime, monitor } = this.#options;
    if (runtime.monotonic() - this.#lookedAt < MONITOR_MILLIS) return;
    this.#lookedAt = runtime.monotonic();
    const position = await monitor.look(manager);
    // Not waited for here: it takes rights of its own, and who lacks them finds out late.
    const handled: Promise<void> = this.#recover(manager, position).finally(() => {
      this.#handling.delete(handled);
    });
    this.#handling.add(handled);
  }

  async #recover(manager: JetStreamManager, position: StreamPosition): Promise<void> {
    for (const message of await this.#options.stranded.find(manager, position)) {
      if (this.#isStopping) message.nak();
      else this.#begin(message);
    }
  }

  #worked(): void {
    if (this.#isFailing) this.#options.logger.info('messages can be taken from the stream again');
    this.#isFailing = false;
    this.#said.clear();
    this.#pause.reset();
  }

  #failed(error: unknown): void {
    if (this.#isStopping) return;
    const { logger, stream, connection } = this.#options;
    this.#isFailing = true;
    const line =
      error instanceof MisfitError
        ? `the NATS consumer does not fit, and nothing is delivered: ${error.message}`
        : `messages can't be taken from stream ${stream}: ${describeNatsError(error, connection)}; it is tried again`;
    if (!this.#said.has(line)) logger.error(line);
    this.#said.add(line);
  }
}
