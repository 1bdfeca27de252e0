// SPDX-License-Identifier: Apache-2.0
import type { JsMsg } from '@nats-io/jetstream';

/** What is needed of a message to deliver and answer it, however it was had from the stream. */
export interface StreamMessage
  extends Pick<JsMsg, 'seq' | 'data' | 'headers' | 'time' | 'ack' | 'nak' | 'working'> {
  readonly info: Pick<JsMsg['info'], 'deliveryCount'>;
}
