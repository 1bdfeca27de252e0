// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { Receipt } from '../src/model/receipt.js';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';
import { decode, encode } from './support/otlp-schema.js';

const REFUSED: Receipt = {
  status: 'taken',
  shownOnly: 0,
  refused: [
    { reason: 'unknown_key', count: 2, message: 'event key "purchse" is not in datafile revision 42' },
    { reason: 'invalid', count: 1, message: 'feature_flag.context.id is missing' },
  ],
};
const MESSAGE =
  '2: event key "purchse" is not in datafile revision 42; 1: feature_flag.context.id is missing';
const SIGNALS = [
  {
    signal: 'traces',
    response: 'ExportTraceServiceResponse',
    request: 'ExportTraceServiceRequest',
    member: 'rejectedSpans',
  },
  {
    signal: 'logs',
    response: 'ExportLogsServiceResponse',
    request: 'ExportLogsServiceRequest',
    member: 'rejectedLogRecords',
  },
] as const;

for (const { signal, response, request, member } of SIGNALS) {
  describe(`OTLP: answers to ${signal}`, () => {
    it('answers 200 with an empty message in the encoding of the request, an empty request included', async () => {
      const { send } = makeDoor(signal);
      for (const body of [Buffer.alloc(0), encode(request, {})]) {
        const answer = await send(body, MEDIA_TYPES.protobuf);
        expect(answer).to.deep.include({ status: 200, headers: { 'content-type': MEDIA_TYPES.protobuf } });
        expect(answer.body).to.have.length(0);
      }
      const answer = await send(Buffer.from('{}'), MEDIA_TYPES.json);
      expect(answer).to.deep.include({ status: 200, headers: { 'content-type': MEDIA_TYPES.json } });
      expect(JSON.parse(String(answer.body))).to.deep.equal({});
    });

    it('answers 200 with count and reasons of what was refused for good', async () => {
      const { send } = makeDoor(signal, { receipt: REFUSED });
      const inProtobuf = await send(Buffer.alloc(0), MEDIA_TYPES.protobuf);
      expect(decode(response, inProtobuf.body as Buffer)).to.deep.equal({
        partialSuccess: { [member]: '3', errorMessage: MESSAGE },
      });
      const inJson = await send(Buffer.from('{}'), MEDIA_TYPES.json);
      expect(JSON.parse(String(inJson.body))).to.deep.equal({
        partialSuccess: { [member]: '3', errorMessage: MESSAGE },
      });
      expect([inProtobuf.status, inJson.status]).to.deep.equal([200, 200]);
    });

    it('answers 503 with Retry-After and a google.rpc.Status where the events are to be sent again', async () => {
      const { send } = makeDoor(signal, {
        receipt: { status: 'later', reason: 'queue_full', retryAfterSeconds: 7 },
      });
      const inProtobuf = await send(Buffer.alloc(0), MEDIA_TYPES.protobuf);
      expect(inProtobuf).to.deep.include({
        status: 503,
        headers: { 'content-type': MEDIA_TYPES.protobuf, 'retry-after': '7' },
      });
      expect(decode('Status', inProtobuf.body as Buffer)).to.deep.equal({ code: 14, message: 'queue_full' });
      const inJson = await send(Buffer.from('{}'), MEDIA_TYPES.json);
      expect(JSON.parse(String(inJson.body))).to.deep.equal({ code: 14, message: 'queue_full' });
    });

    it('answers 503 with the key that is not known yet behind the reason', async () => {
      const detail = 'conversion: event key "purchse" is not in datafile revision 42';
      const { send } = makeDoor(signal, {
        receipt: { status: 'later', reason: 'unknown_key', retryAfterSeconds: 7, detail },
      });
      const { status, body } = await send(Buffer.from('{}'), MEDIA_TYPES.json);
      expect(status).to.equal(503);
      expect(JSON.parse(String(body))).to.deep.equal({ code: 14, message: `unknown_key: ${detail}` });
    });

    it('answers 400 with a google.rpc.Status to what is malformed, quotes none of it, and takes nothing', async () => {
      const { send, taken } = makeDoor(signal);
      const malformed: [string, Buffer][] = [
        [MEDIA_TYPES.protobuf, Buffer.from('{"resourceSpans":[]}')],
        [MEDIA_TYPES.protobuf, Buffer.from([0x0a, 0x05, 0x01])],
        [MEDIA_TYPES.protobuf, Buffer.from([0x00, 0x01])],
        [MEDIA_TYPES.protobuf, Buffer.from([0x0a])],
        [MEDIA_TYPES.protobuf, Buffer.alloc(20, 0xff)],
        [MEDIA_TYPES.protobuf, Buffer.from([0x0b, ...Array(10_000).fill(0x0b)])],
        [MEDIA_TYPES.json, Buffer.alloc(0)],
        [MEDIA_TYPES.json, Buffer.from('[]')],
        [MEDIA_TYPES.json, Buffer.from('{"user":"jane"')],
        [MEDIA_TYPES.json, Buffer.from('{"user":jane}')],
        [MEDIA_TYPES.json, Buffer.from([0x7b, 0xff, 0x7d])],
      ];
      for (const [mediaType, body] of malformed) {
        const { status, headers, body: answer = '' } = await send(body, mediaType);
        expect(status, `${mediaType} ${body.subarray(0, 20).toString('hex')}`).to.equal(400);
        expect(headers).to.deep.equal({ 'content-type': mediaType });
        const { code, message } =
          mediaType === MEDIA_TYPES.json ? JSON.parse(String(answer)) : decode('Status', answer as Buffer);
        expect(code).to.equal(3);
        expect(message).to.be.a('string').that.has.length.above(10);
        expect(message).to.not.contain('jane');
      }
      expect(taken).to.deep.equal([]);
    });

    it('answers 415 to another content type', async () => {
      const { send } = makeDoor(signal);
      for (const mediaType of ['', 'text/plain', 'application/grpc']) {
        expect((await send(Buffer.alloc(0), mediaType)).status).to.equal(415);
      }
    });
  });
}
