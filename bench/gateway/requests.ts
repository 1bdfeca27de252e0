// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { encode } from '../../packages/gateway/test/support/otlp-schema.js';
import { makeTraces } from './otlp-spans.js';

let made = 0;

/**
 * Makes trace requests in protobuf. Each has trace ids of its own, so that no event is the repeat of another; encoding
 * each anew would cost more than the gateway does.
 */
export function traceRequests(spans: number, eventEvery: number): () => Buffer {
  const traceIds: Buffer[] = [];
  const request = makeTraces(spans, eventEvery, (_, hasConversion) => {
    const traceId = randomBytes(16);
    if (hasConversion) traceIds.push(traceId);
    return { traceId, spanId: randomBytes(8) };
  });
  const template = encode('ExportTraceServiceRequest', request);
  const places = traceIds.map(traceId => template.indexOf(traceId));
  return () => {
    const body = Buffer.from(template);
    for (const place of places) body.writeUInt32BE(++made, place);
    return body;
  };
}
