// SPDX-License-Identifier: Apache-2.0
import type { JetStreamManager, SeqMsgRequest, StoredMsg } from '@nats-io/jetstream';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { StreamMessage } from './stream-message.js';

export interface StrandedMessagesOptions {
  readonly stream: string;
  readonly subject: string;
  readonly consumer: string;
  readonly logger: Logger;
}

/** Where stream and consumer are. */
export interface StreamPosition {
  /** Of the first message that the stream has. */
  readonly firstSequence: number;
  /** Up to which the consumer takes all messages for done. */
  readonly doneTo: number;
}

/** At one look. */
const MAX_MESSAGES = 100;

/**
 * Messages that are still in a work queue though its consumer takes them for done. Servers that are killed, cut off, or
 * whose disk is full leave some behind: most were acknowledged and take up room until they are too old, but some were
 * never given to any gateway. All are delivered, since repeats are counted once, and deleted.
 */
export class StrandedMessages {
  readonly #options: StrandedMessagesOptions;
  readonly #inHand = new Set<number>();
  #doneTo = 0;
  #isRefused = false;

  constructor(options: StrandedMessagesOptions) {
    this.#options = options;
  }

  /**
   * Looks for those that the consumer had taken for done at the look before: an acknowledged message leaves the stream a
   * moment later.
   *
   * @returns those that are not in hand already. Never rejects
   */
  async find(manager: JetStreamManager, { firstSequence, doneTo }: StreamPosition): Promise<StreamMessage[]> {
    const upTo = Math.min(this.#doneTo, doneTo);
    this.#doneTo = doneTo;
    if (firstSequence > upTo) return [];
    const { stream, consumer, logger } = this.#options;
    try {
      const found = await this.#read(manager, firstSequence, upTo);
      if (found.length > 0)
        logger.warn(
          `${found.length} messages are left in stream ${stream}, though consumer ${consumer} takes them for done; they are delivered, again or for the first time`,
        );
      return found;
    } catch {
      if (!this.#isRefused)
        logger.warn(
          `messages that consumer ${consumer} left behind in stream ${stream} can't be had; see the rights in docs/gateway.md`,
        );
      this.#isRefused = true;
      return [];
    }
  }

  async #read(manager: JetStreamManager, from: number, upTo: number): Promise<StreamMessage[]> {
    const { stream, subject } = this.#options;
    const found: StreamMessage[] = [];
    for (let sequence = from; found.length < MAX_MESSAGES; ) {
      // The types know this form of the request for direct gets only, which a stream has to allow.
      const next = { seq: sequence, next_by_subj: subject } as SeqMsgRequest;
      const stored = await manager.streams.getMessage(stream, next);
      if (stored === null || stored.seq > upTo) break;
      if (!this.#inHand.has(stored.seq)) found.push(this.#take(manager, stored));
      sequence = stored.seq + 1;
    }
    this.#isRefused = false;
    return found;
  }

  #take(manager: JetStreamManager, { seq, data, header, time }: StoredMsg): StreamMessage {
    this.#inHand.add(seq);
    const release = () => this.#inHand.delete(seq);
    return {
      seq,
      data,
      headers: header,
      time,
      info: { deliveryCount: 1 },
      // Where that fails, the next look finds it once more.
      ack: () => void manager.streams.deleteMessage(this.#options.stream, seq, false).then(release, release),
      nak: () => void release(),
      working: () => {},
    };
  }
}
