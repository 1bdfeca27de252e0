// SPDX-License-Identifier: Apache-2.0
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import type { EventDispatcherResponse, LogEvent } from 'opentelemetry-exporter-optimizely';
import { batchMessage } from './batch-message.js';
import { bytesOf } from './log-event-bytes.js';
import type { NatsLink } from './nats-link.js';

export interface StreamPublisherOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly subject: string;
  /** Who publishes, for the metrics of the gateway that delivers. */
  readonly sender: string;
  readonly publishTimeoutMillis: number;
}

/** JetStream's `err_code` of a stream or an account that has no room left. */
const FULL_CODES: readonly number[] = [10_002, 10_023, 10_028, 10_047, 10_077, 10_122];
const TOO_LARGE_CODE = 10_054;

/** Publishes batches over a link, and says what NATS answered in the words of the exporter's table of answers. */
export class StreamPublisher {
  readonly #options: StreamPublisherOptions;

  constructor(options: StreamPublisherOptions) {
    this.#options = options;
  }

  /** How logs name where batches go. */
  get destination(): string {
    return `the NATS stream "${this.#options.stream}"`;
  }

  /** @throws (rejects) if there is no acknowledgment: the batch is to be tried again */
  async publish(logEvent: LogEvent, ageMillis: number): Promise<EventDispatcherResponse> {
    const { link, stream, subject, sender, publishTimeoutMillis } = this.#options;
    const open = await link.open();
    const { payload, headers } = batchMessage(bytesOf(logEvent), { url: logEvent.url, sender, ageMillis });
    try {
      await open.client.publish(subject, payload, {
        // Without a message id: a server that was restarted has forgotten those of messages that left the work queue, and
        // its copy of the stream would differ from the others' after a repeat. Optimizely knows repeats.
        headers,
        timeout: publishTimeoutMillis,
        // An acknowledgment of another stream, made in place of ours, would be none.
        expect: { streamName: stream },
        // Trying again is the processor's, which knows how long.
        retries: 0,
      });
      return { statusCode: 204, streamed: true };
    } catch (error) {
      return answerTo(error, () => link.abandon(open));
    }
  }
}

/** @returns the HTTP status that has the same consequence */
function answerTo(error: unknown, abandon: () => void): EventDispatcherResponse {
  if (error instanceof errors.InvalidArgumentError && error.message.includes('max_payload'))
    return { statusCode: 413 };
  if (error instanceof JetStreamApiError) {
    if (error.code === TOO_LARGE_CODE) return { statusCode: 413 };
    if (FULL_CODES.includes(error.code)) return { statusCode: 503 };
  }
  // The stream may be gone, or the connection dead: the next attempt looks again, perhaps at another server.
  abandon();
  throw error;
}
