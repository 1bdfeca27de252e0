// SPDX-License-Identifier: Apache-2.0
import { type ConsumerMessages, type JsMsg, jetstreamManager } from '@nats-io/jetstream';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { BatchIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { readMessage } from './batch-message.js';
import type { NatsLink } from './nats-link.js';
import { openConsumer } from './open-stream.js';
import type { ConsumerOptions } from './stream-fit.js';

export interface RelayFeedOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly consumer: ConsumerOptions;
  /** Messages that this worker has at once. */
  readonly maxMessages: number;
  readonly intake: BatchIntake;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

const FIRST_RETRY_MILLIS = 250;
const LONGEST_RETRY_MILLIS = 10_000;
/** A message whose project this worker does not serve waits so long for a worker that does. */
const OTHER_PROJECT_DELAY_MILLIS = 30_000;
const SENDER = { name: 'jetstream', project: undefined } as const;

/**
 * Takes batches from the stream for delivery. A message is acknowledged when all its events are settled, and extended
 * until then; what this worker could not deliver goes back to the stream.
 */
export class RelayFeed {
  readonly #options: RelayFeedOptions;
  readonly #handling = new Set<Promise<void>>();
  readonly #said = new Set<string>();
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> | undefined;
  #isStopping = false;
  #wake: () => void = () => {};

  constructor(options: RelayFeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Asks for no more messages, and waits for those in hand. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#messages?.stop();
    this.#wake();
    await this.#running;
    await Promise.all(this.#handling);
    await this.#options.link.close();
  }

  async #run(): Promise<void> {
    for (
      let delay = FIRST_RETRY_MILLIS;
      !this.#isStopping;
      delay = Math.min(2 * delay, LONGEST_RETRY_MILLIS)
    ) {
      try {
        if (await this.#consume()) delay = FIRST_RETRY_MILLIS;
      } catch {
        // The link has logged it.
      }
      if (!this.#isStopping) await this.#pause(delay);
    }
  }

  /** @returns whether a message came before the connection was lost */
  async #consume(): Promise<boolean> {
    const { link, stream, consumer, maxMessages } = this.#options;
    const { connection, client } = await link.open();
    await openConsumer(await jetstreamManager(connection), stream, consumer);
    const messages = await (await client.consumers.get(stream, consumer.consumer)).consume({
      max_messages: maxMessages,
    });
    this.#messages = messages;
    if (this.#isStopping) messages.stop();
    void connection.closed().then(() => messages.stop());
    let hasCome = false;
    for await (const message of messages) {
      hasCome = true;
      const handled: Promise<void> = this.#handle(message).finally(() => this.#handling.delete(handled));
      this.#handling.add(handled);
    }
    return hasCome;
  }

  async #handle(message: JsMsg): Promise<void> {
    const { consumer, runtime } = this.#options;
    const extend = () => {
      message.working();
      timer = runtime.setTimer(extend, consumer.ackWaitMillis / 3);
    };
    let timer = runtime.setTimer(extend, consumer.ackWaitMillis / 3);
    try {
      const receipt = await this.#take(message);
      this.#answer(message, receipt);
    } finally {
      timer.clear();
    }
  }

  async #take(message: JsMsg): Promise<BatchReceipt> {
    const read = readMessage(message);
    if (read === undefined) return { status: 'malformed', message: 'the message is not a batch in JSON' };
    return this.#options.intake.take(read.batch, read.text, SENDER);
  }

  #answer(message: JsMsg, receipt: BatchReceipt): void {
    if (receipt.status === 'taken') message.ack();
    else if (receipt.status === 'later') message.nak(receipt.retryAfterSeconds * 1000);
    else {
      this.#say(receipt.message);
      message.nak(OTHER_PROJECT_DELAY_MILLIS);
    }
  }

  #say(problem: string): void {
    if (this.#said.has(problem) || this.#said.size > 100) return;
    this.#said.add(problem);
    this.#options.logger.error(
      `a message of stream ${this.#options.stream} is left there until it is too old, and tried again: ${problem}`,
    );
  }

  #pause(millis: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.runtime.setTimer(resolve, millis);
      timer.ref();
      this.#wake = () => {
        timer.clear();
        resolve();
      };
    });
  }
}
