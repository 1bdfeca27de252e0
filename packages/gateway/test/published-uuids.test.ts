// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { startGateway } from 'optimizely-event-gateway';
import { codeBlocks } from '../../../test/docs/markdown.js';
import { DATAFILE } from './senders/senders.js';
import { sentVisitors, startCaptureServer } from './support/capture-server.js';
import { MEDIA_TYPES } from './support/otlp-door.js';
import { encode, type Json } from './support/otlp-schema.js';

interface Published {
  readonly request: Json;
  readonly uuids: readonly string[];
}

const [published] = codeBlocks('docs/semantic-conventions.md')
  .filter(({ marks }) => marks.includes('otlp'))
  .map(({ code }) => JSON.parse(code) as Published);

describe('the uuids that docs/semantic-conventions.md gives for a request', () => {
  for (const encoding of ['json', 'protobuf'] as const) {
    it(`are those that the gateway gives its events (${encoding})`, async () => {
      if (published === undefined) throw new Error('the page has no such request');
      const { request, uuids } = published;
      await using endpoint = await startCaptureServer();
      await using gateway = await startGateway({
        datafile: DATAFILE,
        endpoint: endpoint.url,
        port: 0,
        logLevel: 'silent',
      });
      const { status } = await fetch(`${gateway.url}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': MEDIA_TYPES[encoding] },
        body:
          encoding === 'json'
            ? JSON.stringify(request)
            : encode('ExportLogsServiceRequest', inProtobuf(request) as Json),
      });
      expect(status).to.equal(200);
      expect(sentVisitors(endpoint.bodies).map(({ uuid }) => uuid)).to.have.members(uuids);
    });
  }
});

/** With ids and bytes as bytes, and numbers as numbers, which are text in JSON. */
function inProtobuf(value: unknown, name = ''): unknown {
  if (typeof value === 'string') {
    if (name === 'traceId' || name === 'spanId') return Buffer.from(value, 'hex');
    if (name === 'bytesValue') return Buffer.from(value, 'base64');
    return name === 'doubleValue' ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(item => inProtobuf(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inProtobuf(member, key)]));
}
