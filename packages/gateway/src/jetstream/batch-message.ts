// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

/** One batch of Optimizely's Events API as a message of the stream. */
export interface BatchMessage {
  /** The request's body. */
  readonly payload: Uint8Array;
  /** Of the same batch, however often it is published: its bytes hold the events' uuids. */
  readonly id: string;
  readonly headers: MsgHdrs;
}

/** Where the sender would have sent the batch; Optimizely's address tells the region. */
const URL_HEADER = 'Optimizely-Url';

export function batchMessage(payload: Uint8Array, url: string): BatchMessage {
  const made = headers();
  made.set('Content-Type', 'application/json');
  made.set(URL_HEADER, url);
  return { payload, id: createHash('sha256').update(payload).digest('base64url'), headers: made };
}

/** @returns the batch as it was published; undefined if it is not a JSON object */
export function readMessage({
  data,
}: Pick<JsMsg, 'data'>): { readonly batch: Record<string, unknown>; readonly text: string } | undefined {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  let batch: unknown;
  try {
    batch = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof batch !== 'object' || batch === null || Array.isArray(batch)) return undefined;
  return { batch: batch as Record<string, unknown>, text };
}
