// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import type { StreamMessage } from './stream-message.js';

/** The messages that NATS gives for one request. */
interface RequestedMessages extends AsyncIterable<StreamMessage> {
  stop(): void;
}

/** How much later than it should a request may be told to have ended, milliseconds. */
const LATE_MILLIS = 250;

/**
 * Takes the messages of requests as they come. nats-server 2.9 does not tell that a request has ended if it gave a
 * message just then, which NATS's client notices ten seconds later, and only as a server that is silent. Until then
 * messages would wait in a stream that is busy, so the next request is made beside the one that is overdue.
 */
export class MessageRequests {
  readonly #begin: (message: StreamMessage) => void;
  readonly #runtime: Pick<Runtime, 'setTimer'>;
  readonly #open = new Map<RequestedMessages, Promise<void>>();

  /** @param begin is told of each message */
  constructor(begin: (message: StreamMessage) => void, runtime: Pick<Runtime, 'setTimer'>) {
    this.#begin = begin;
    this.#runtime = runtime;
  }

  /**
   * Waits for the end of the request. One that is overdue goes on by itself: what it may still bring is taken.
   *
   * @param expiresMillis after which NATS ends it
   * @returns whether NATS has said anything
   * @throws (rejects) NATS's errors
   */
  async take(messages: RequestedMessages, expiresMillis: number): Promise<boolean> {
    let isHeard = false;
    const taken = this.#takeAll(messages, () => {
      isHeard = true;
    });
    this.#open.set(messages, taken);
    let resolveOverdue: () => void = () => {};
    const overdue = new Promise<void>(resolve => {
      resolveOverdue = resolve;
    });
    const timer = this.#runtime.setTimer(resolveOverdue, expiresMillis + LATE_MILLIS);
    await Promise.race([taken, overdue]).finally(() => timer.clear());
    return isHeard;
  }

  /** Ends all of them. */
  stop(): void {
    for (const messages of this.#open.keys()) messages.stop();
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#open.values());
  }

  async #takeAll(messages: RequestedMessages, heard: () => void): Promise<void> {
    try {
      for await (const message of messages) {
        heard();
        this.#begin(message);
      }
      heard();
    } finally {
      this.#open.delete(messages);
    }
  }
}
