// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import type { StreamMessage } from './stream-message.js';

export interface MessagesInHandOptions {
  /** Messages at once. */
  readonly maxMessages: number;
  /** Bytes at which no more are asked for. */
  readonly maxBytes: number;
  readonly runtime: Runtime;
}

/** Until the first has come. */
const SUPPOSED_BYTES = 65_536;

/**
 * The messages that this worker has and has not answered. They are extended together, so that no other worker gets them, and
 * bound how many more are asked for.
 */
export class MessagesInHand {
  readonly #options: MessagesInHandOptions;
  readonly #messages = new Set<StreamMessage>();
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;
  #averageBytes = SUPPOSED_BYTES;
  #extendEveryMillis = 10_000;
  #timer: ReturnType<Runtime['setTimer']> | undefined;

  constructor(options: MessagesInHandOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#messages.size;
  }

  /** How many may be asked for now. */
  get room(): number {
    const { maxMessages, maxBytes } = this.#options;
    const byBytes = Math.floor((maxBytes - this.#bytes) / this.#averageBytes);
    // One that is larger than all has its turn, too.
    return Math.min(maxMessages - this.count, this.count === 0 ? Math.max(1, byBytes) : byBytes);
  }

  /** @param ackWaitMillis after which NATS gives a message to another worker */
  extendWithin(ackWaitMillis: number): void {
    this.#extendEveryMillis = ackWaitMillis / 3;
  }

  begin(message: StreamMessage): void {
    this.#messages.add(message);
    this.#bytes += message.data.length;
    this.#averageBytes += (message.data.length - this.#averageBytes) / 16;
    this.#timer ??= this.#options.runtime.setTimer(() => this.#extend(), this.#extendEveryMillis);
  }

  end(message: StreamMessage): void {
    this.#messages.delete(message);
    this.#bytes -= message.data.length;
    if (this.count === 0) {
      this.#timer?.clear();
      this.#timer = undefined;
    }
    this.wake();
  }

  /** Resolves when something has ended, or `wake()` is called. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #extend(): void {
    for (const message of this.#messages) message.working();
    // Who waits for room looks around, too.
    this.wake();
    this.#timer = this.#options.runtime.setTimer(() => this.#extend(), this.#extendEveryMillis);
  }
}
