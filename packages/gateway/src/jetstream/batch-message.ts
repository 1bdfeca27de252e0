// SPDX-License-Identifier: Apache-2.0
import type { JsMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { readPieces } from '../events-api/read-pieces.js';
import type { BatchPieces } from '../model/batch-pieces.js';
import type { BatchOrigin } from '../model/intake.js';

/** One batch of Optimizely's Events API as a message of the stream. */
export interface BatchMessage {
  /** The request's body. */
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
}

export interface BatchMessageOptions {
  /** Where the sender would have sent the batch; Optimizely's address tells the region. */
  readonly url: string;
  /** Who publishes. */
  readonly sender: string;
  /** How long ago the youngest event was accepted, milliseconds. */
  readonly ageMillis: number;
}

/** Raised when a gateway of this version would read a message of the next one wrongly. */
const FORMAT = '1';
const FORMAT_HEADER = 'Optimizely-Format';
const REGION_HEADER = 'Optimizely-Region';
const SENDER_HEADER = 'Optimizely-Sender';
const AGE_HEADER = 'Optimizely-Age-Millis';

export function batchMessage(
  payload: Uint8Array,
  { url, sender, ageMillis }: BatchMessageOptions,
): BatchMessage {
  const made = headers();
  made.set('Content-Type', 'application/json');
  made.set(FORMAT_HEADER, FORMAT);
  made.set(SENDER_HEADER, sender);
  made.set(AGE_HEADER, String(Math.round(ageMillis)));
  const region = regionOf(url);
  if (region !== undefined) made.set(REGION_HEADER, region);
  return { payload, headers: made };
}

/** What a message of the stream is; `newer`: a later version of this package wrote it, and knows how to read it. */
export type ReadMessage =
  | {
      readonly kind: 'batch';
      readonly batch: BatchPieces;
      readonly sender: string;
      readonly origin: BatchOrigin;
    }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'newer'; readonly problem: string };

/** @param now milliseconds since the epoch */
export function readMessage(message: Pick<JsMsg, 'data' | 'headers' | 'time'>, now: number): ReadMessage {
  const header = (name: string) => message.headers?.get(name) ?? '';
  const format = header(FORMAT_HEADER);
  // Without one, another program has published what it would have sent to Optimizely.
  if (format !== '' && format !== FORMAT) {
    return { kind: 'newer', problem: `its format is ${shown(format)}, and this gateway reads ${FORMAT}` };
  }
  const batch = readPieces(message.data);
  if ('problem' in batch) return { kind: 'unreadable', problem: batch.problem };
  const sender = header(SENDER_HEADER);
  const region = header(REGION_HEADER);
  return {
    kind: 'batch',
    batch,
    sender: SENDER.test(sender) ? sender : 'stream',
    origin: {
      region: region === 'US' || region === 'EU' ? region : undefined,
      ageMillis: ageOf(header(AGE_HEADER)) + Math.max(0, now - message.time.getTime()),
    },
  };
}

/** What a sender may be called: it is shown in metrics. */
export const SENDER = /^[\w.:-]{1,64}$/;

const REGIONS = /^https?:\/\/(eu\.)?logx\.optimizely\.com(?![^:/?#])/i;

function regionOf(url: string): 'US' | 'EU' | undefined {
  const match = REGIONS.exec(url);
  if (match === null) return undefined;
  return match[1] === undefined ? 'US' : 'EU';
}

function ageOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function shown(format: string): string {
  return /^[\w.-]{1,16}$/.test(format) ? format : 'not known';
}
