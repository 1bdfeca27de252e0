// SPDX-License-Identifier: Apache-2.0

import { decodeExport } from '../packages/gateway/src/otlp/decode.js';
import { eventNames } from '../packages/gateway/src/otlp/event-names.js';
import { decode, encode, type Json } from '../packages/gateway/test/support/otlp-schema.js';
import { makeTraces } from './gateway/otlp-spans.js';
import { nanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';

const SPANS = 500;
const NAMES = eventNames(false);

/** The gateway's reading of a trace request against protobufjs, which decodes all of it. Figures are for a span. */
export function rows({ short }: Size): Row[] {
  const requests = short ? 2 : 40;
  const row = (name: string, eventEvery: number, encoding: 'protobuf' | 'json'): Row => ({
    name: `reading ${encoding}, ${name}`,
    peer: encoding === 'protobuf' ? 'protobufjs, whole schema' : 'JSON.parse',
    unit: 'ns',
    open: () => open(requests, eventEvery, encoding),
  });
  return (['protobuf', 'json'] as const).flatMap(encoding => [
    row('spans without an experiment event', Number.POSITIVE_INFINITY, encoding),
    row('an experiment event in every 20th span', 20, encoding),
    row('an experiment event in every span', 1, encoding),
  ]);
}

function open(requests: number, eventEvery: number, encoding: 'protobuf' | 'json') {
  const request = makeTraces(SPANS, eventEvery, n => ({ traceId: hex(n, 32), spanId: hex(n, 16) }));
  const body =
    encoding === 'protobuf'
      ? encode('ExportTraceServiceRequest', request)
      : Buffer.from(JSON.stringify(request));
  const expected = Math.floor(SPANS / eventEvery);
  return {
    ours: () =>
      nanosEach(requests * SPANS, () => {
        for (let n = 0; n < requests; n++) {
          const { events } = decodeExport('traces', encoding, body, NAMES);
          if (events.length !== expected) throw new Error(`events read: ${events.length} of ${expected}`);
        }
      }),
    theirs: () =>
      nanosEach(requests * SPANS, () => {
        for (let n = 0; n < requests; n++) {
          const whole: Json =
            encoding === 'protobuf' ? decode('ExportTraceServiceRequest', body) : JSON.parse(body.toString());
          if (whole.resourceSpans === undefined) throw new Error('nothing was read');
        }
      }),
  };
}

/** Text, which protobufjs takes for base64: ids of another length, which are as expensive to read. */
function hex(n: number, digits: number): string {
  return (n + 1).toString(16).padStart(digits, '0');
}
