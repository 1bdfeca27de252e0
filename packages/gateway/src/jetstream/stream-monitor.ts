// SPDX-License-Identifier: Apache-2.0
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { StreamFigures } from '../model/engine.js';
import type { StreamPosition } from './stranded-messages.js';

export interface StreamMonitorOptions {
  readonly stream: string;
  readonly consumer: string;
  readonly logger: Logger;
}

/**
 * What a stream and its consumer hold, for metrics; and whether messages have left the stream that were never given to
 * any gateway, because they were too old for `max_age`. NATS itself does not tell of those.
 */
export class StreamMonitor {
  readonly #options: StreamMonitorOptions;
  #latest: Omit<StreamFigures, 'parked' | 'lost'> | undefined;
  #lost = 0;
  /** Up to which sequence the lost ones are counted. */
  #countedTo = 0;

  constructor(options: StreamMonitorOptions) {
    this.#options = options;
  }

  /** Undefined until the first look. */
  get figures(): Omit<StreamFigures, 'parked'> | undefined {
    return this.#latest && { ...this.#latest, lost: this.#lost };
  }

  /** @throws (rejects) NATS's errors */
  async look(manager: JetStreamManager): Promise<StreamPosition> {
    const { stream, consumer } = this.#options;
    // In this order: what is delivered and acknowledged in between must not look lost.
    const { state, config } = await manager.streams.info(stream);
    const { delivered, ack_floor, num_ack_pending, num_redelivered } = await manager.consumers.info(
      stream,
      consumer,
    );
    this.#latest = {
      messages: state.messages,
      bytes: state.bytes,
      unacknowledged: num_ack_pending,
      redelivered: num_redelivered,
    };
    // A stream that was made anew counts from one.
    if (state.last_seq < this.#countedTo) this.#countedTo = 0;
    const firstSequence = state.messages === 0 ? state.last_seq + 1 : state.first_seq;
    // Where other subjects have messages in it, a gap says nothing.
    if (config.subjects?.length === 1) this.#noteLost(delivered.stream_seq, firstSequence - 1);
    return { firstSequence, doneTo: ack_floor.stream_seq };
  }

  #noteLost(deliveredTo: number, goneTo: number): void {
    const from = Math.max(deliveredTo, this.#countedTo);
    if (goneTo <= from) return;
    const lost = goneTo - from;
    this.#countedTo = goneTo;
    this.#lost += lost;
    this.#options.logger.error(
      `${lost} messages have left stream ${this.#options.stream} before any gateway had them: they were older than ` +
        'its max_age; their events are lost',
    );
  }
}
