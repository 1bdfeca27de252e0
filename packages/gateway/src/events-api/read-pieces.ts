// SPDX-License-Identifier: Apache-2.0
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import type { BatchPieces } from '../model/batch-pieces.js';
import { readBatchBody, type UnreadableBody } from '../util/batch-body.js';
import { RequestTooLarge, requireBearableCount, requireBearableJson } from '../util/request-size.js';
import { readWithUuids } from './batch-uuids.js';
import { scanBatch } from './scan-batch.js';
import { visitorsOf } from './visitors.js';

/** Reads what another gateway or an application has sent, in the cheapest way that understands it. */
export function readPieces(body: Uint8Array): BatchPieces | UnreadableBody {
  try {
    requireBearableJson(body);
    const scanned = scanBatch(body);
    if (scanned === undefined) return parsePieces(body);
    requireBearableCount(scanned.visitors.length);
    return scanned;
  } catch (error) {
    if (error instanceof RequestTooLarge) return { problem: error.message, isTooLarge: true };
    throw error;
  }
}

function parsePieces(body: Uint8Array): BatchPieces | UnreadableBody {
  const read = readBatchBody(body);
  if ('problem' in read) return read;
  const visitors = visitorsOf(read.batch);
  if (typeof visitors === 'string') return { problem: visitors, isTooLarge: false };
  const { batch, texts } = readWithUuids(read.batch, visitors, read.text);
  // Where to and how old says the message, not its body.
  const events = readEventBatch(batch, { region: 'US', acceptedAt: 0, texts });
  const { visitors: _, ...others } = batch;
  return {
    others,
    envelope: texts.envelope,
    visitors: events.map(({ event: { type, uuid, json, byteLength } }) => ({ type, uuid, json, byteLength })),
  };
}
