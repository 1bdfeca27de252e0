// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import type { DoorAnswer } from '../src/model/door.js';
import { post, RawConnection } from './support/raw-connection.js';
import { closeServings, startServing } from './support/serving.js';

const MIB = 1_048_576;
const CLOSED = /connection: close/i;

describe('gateway server limits', () => {
  afterEach(closeServings);

  describe('bodies', () => {
    it('are refused by their declared length before they are read', async () => {
      const { port, doors } = await startServing({ maxBodyBytes: 100 });
      const connection = await RawConnection.open(port);
      connection.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 101\r\n\r\n');
      const [answer] = await connection.says(/^HTTP\/1.1 413 [\s\S]*larger than 100 bytes/);
      expect(answer).to.match(CLOSED);
      expect(doors.traces.requests).to.deep.equal([]);
    });

    it('without a declared length are refused when they exceed the limit', async () => {
      const { port, doors } = await startServing({ maxBodyBytes: 100 });
      const connection = await RawConnection.open(port);
      connection.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
      connection.write(`64\r\n${'x'.repeat(100)}\r\n`);
      connection.write('1\r\nx\r\n');
      expect((await connection.says(/^HTTP\/1.1 413 [\s\S]*larger/))[0]).to.match(CLOSED);
      expect(doors.traces.requests).to.deep.equal([]);
    });

    it('of exactly the limit are taken, in every encoding', async () => {
      const { url, doors } = await startServing({ maxBodyBytes: 1_000 });
      for (const [status, size] of [
        [200, 1_000],
        [413, 1_001],
      ]) {
        const content = Buffer.alloc(size ?? 0, 'ab');
        const plain = await fetch(`${url}/v1/traces`, { method: 'POST', body: new Uint8Array(content) });
        const packed = await fetch(`${url}/v1/traces`, {
          method: 'POST',
          headers: { 'content-encoding': 'gzip' },
          body: new Uint8Array(gzipSync(content)),
        });
        expect([plain.status, packed.status]).to.deep.equal([status, status]);
      }
      expect(doors.traces.requests.map(({ body }) => body.length)).to.deep.equal([1_000, 1_000]);
    });

    it('that grow when they are unpacked stop at the limit', async () => {
      const { url, doors, logger } = await startServing({ maxBodyBytes: MIB });
      const bombs = [gzipSync(Buffer.alloc(64 * MIB)), gzipSync(Buffer.alloc(20 * MIB))];
      global.gc?.();
      const before = process.memoryUsage().arrayBuffers;
      let peak = 0;
      for (const bomb of bombs) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, async () => {
            const response = await fetch(`${url}/v1/traces`, {
              method: 'POST',
              headers: { 'content-encoding': 'gzip' },
              body: new Uint8Array(bomb),
            });
            peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
            return response.status;
          }),
        );
        expect(answers).to.deep.equal(Array(8).fill(413));
      }
      expect(peak).to.be.below(48 * MIB);
      expect(doors.traces.requests).to.deep.equal([]);
      expect(logger.at('warn')).to.have.length(1);
    });

    it('are asked for only where they are wanted', async () => {
      const { port, doors } = await startServing({ maxBodyBytes: 100 });
      const wanted = await RawConnection.open(port);
      const head = (length: number, path = '/v1/traces') =>
        `POST ${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
      wanted.write(head(2));
      await wanted.says(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
      wanted.write('{}');
      await wanted.says(/HTTP\/1.1 200 [\s\S]*taken$/);
      for (const unwanted of [head(101), head(2, '/v1/nothing')]) {
        const connection = await RawConnection.open(port);
        connection.write(unwanted);
        const text = await connection.closed();
        expect(text).to.match(/^HTTP\/1.1 4(13|04) /);
        expect(text).not.to.contain('100 Continue');
      }
      expect(doors.traces.requests).to.have.length(1);
    });

    it('that were refused are not what the next request begins with', async () => {
      const { port, doors } = await startServing();
      const connection = await RawConnection.open(port);
      const smuggled = post('/v1/events', 'smuggled');
      connection.write(post('/v1/nothing', smuggled) + post('/v1/traces', 'honest'));
      await connection.says(/404 [\s\S]*200 [\s\S]*taken$/);
      expect(doors.events.requests).to.deep.equal([]);
      expect(doors.traces.requests.map(({ body }) => String(body))).to.deep.equal(['honest']);
    });

    it('that were refused let their sender read why, though it is still writing', async () => {
      const { url } = await startServing({ maxBodyBytes: 1_000 });
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const sending = httpRequest(`${url}/v1/traces`, { method: 'POST' }, response => {
          response.resume();
          resolve(response.statusCode);
        });
        sending.on('error', reject);
        for (let count = 0; count < 8; count++) sending.write(Buffer.alloc(65_536));
        sending.end();
      });
      expect(status).to.equal(413);
    });

    it('that take too long are to be sent again, in the words of the door', async () => {
      const { port, doors, logger } = await startServing({
        headersTimeoutMillis: 50,
        requestTimeoutMillis: 100,
      });
      const connection = await RawConnection.open(port);
      connection.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
      const [answer] = await connection.says(/^HTTP\/1.1 503 [\s\S]*refused: .* too long/);
      expect(answer)
        .to.match(CLOSED)
        .and.match(/^retry-after: [1-5]\r$/im);
      expect(doors.traces.requests).to.deep.equal([]);
      expect(logger.at('warn')).to.have.length(1);
    });

    it('that end are closed at once after a refusal, others once their sender had time to read it', async () => {
      const { port, runtime } = await startServing({ maxBodyBytes: 10 });
      const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n';
      const ends = await RawConnection.open(port);
      ends.write(head);
      await ends.says(/ 413 /);
      ends.write('x'.repeat(11));
      await ends.closed();
      const stays = await RawConnection.open(port);
      stays.write(head);
      await stays.says(/larger than/);
      expect(stays.isClosed).to.equal(false);
      await runtime.advance(2_000);
      await stays.closed();
    });
  });

  describe('requests in flight', () => {
    it('are refused at once when their bytes would exceed the limit, and taken again after', async () => {
      const { url, port, doors, metrics } = await startServing({ maxRequestBytesInFlight: 100_000 });
      const answers: (() => void)[] = [];
      doors.traces.respond = () =>
        new Promise<DoorAnswer>(resolve => answers.push(() => resolve({ status: 200, body: 'receipt' })));
      const body = 'x'.repeat(40_000);
      const connections = await Promise.all([RawConnection.open(port), RawConnection.open(port)]);
      for (const connection of connections) connection.write(post('/v1/traces', body));
      await doors.traces.received(2);
      const refused = await fetch(`${url}/v1/traces`, { method: 'POST', body });
      expect(refused.status).to.equal(503);
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 30);
      expect(await refused.text()).to.contain('too many requests are in flight');
      expect(doors.traces.requests).to.have.length(2);
      for (const answer of answers) answer();
      await Promise.all(connections.map(connection => connection.says(/receipt$/)));
      doors.traces.respond = () => ({ status: 200 });
      expect((await fetch(`${url}/v1/traces`, { method: 'POST', body })).status).to.equal(200);
      expect(metrics).to.be.an('object');
    });

    it('count what they hold once they are unpacked', async () => {
      const { url, doors } = await startServing({ maxRequestBytesInFlight: 250_000 });
      const send = (size: number) =>
        fetch(`${url}/v1/traces`, {
          method: 'POST',
          headers: { 'content-encoding': 'gzip' },
          body: new Uint8Array(gzipSync(Buffer.alloc(size))),
        });
      let isReleased = false;
      let release = () => {};
      const released = new Promise<void>(resolve => {
        release = resolve;
      });
      doors.traces.respond = async () => {
        if (!isReleased) await released;
        return { status: 200 };
      };
      const two = [send(90_000), send(90_000)];
      await doors.traces.received(2);
      expect((await send(90_000)).status).to.equal(503);
      isReleased = true;
      release();
      for (const { status } of await Promise.all(two)) expect(status).to.equal(200);
      expect((await send(90_000)).status).to.equal(200);
    });

    it('that exceed the limit alone are too large: they would be sent again for ever', async () => {
      const { url, doors } = await startServing({ maxRequestBytesInFlight: 100_000 });
      const send = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
        fetch(`${url}/v1/traces`, { method: 'POST', headers, body });
      expect((await send(new Uint8Array(99_000))).status).to.equal(413);
      const packed = new Uint8Array(gzipSync(Buffer.alloc(99_000)));
      expect((await send(packed, { 'content-encoding': 'gzip' })).status).to.equal(413);
      expect((await send(new Uint8Array(45_000))).status).to.equal(200);
      expect(doors.traces.requests).to.have.length(1);
    });

    it('give back what they held, however they end', async () => {
      const { url, port, doors } = await startServing({
        maxRequestBytesInFlight: 60_000,
        maxBodyBytes: 20_000,
      });
      doors.traces.respond = () => ({ status: 400, body: 'malformed' });
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('gone', 'chunked too large', 'bad gzip', 'bad chunk', 'answered', 'bomb'),
          async kind => {
            const connection = await RawConnection.open(port);
            const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\n';
            switch (kind) {
              case 'gone':
                connection.write(`${head}content-length: 15000\r\n\r\n${'x'.repeat(9_000)}`);
                connection.destroy();
                await connection.closed();
                return;
              case 'chunked too large':
                connection.write(
                  `${head}transfer-encoding: chunked\r\n\r\n5dc0\r\n${'x'.repeat(24_000)}\r\n`,
                );
                await connection.says(/ (?:413|503) /);
                break;
              case 'bad chunk':
                connection.write(`${head}transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\nzz\r\n`);
                await connection.says(/ (?:400|503) /);
                break;
              case 'bad gzip':
                connection.write(post('/v1/traces', 'no gzip', { 'content-encoding': 'gzip' }));
                await connection.says(/ (?:400|503) /);
                break;
              case 'bomb': {
                const bomb = gzipSync(Buffer.alloc(5_000_000));
                const headers = { 'content-encoding': 'gzip', 'content-length': String(bomb.length) };
                connection.write(post('/v1/traces', '', headers));
                connection.write(bomb);
                await connection.says(/ (?:413|503) /);
                break;
              }
              case 'answered':
                connection.write(post('/v1/traces', 'x'.repeat(10_000)));
                await connection.says(/ (?:400|503) /);
                break;
            }
            connection.destroy();
            await connection.closed();
          },
        ),
        { numRuns: 60 },
      );
      const until = async (condition: (text: string) => boolean) => {
        for (;;) {
          if (condition(await (await fetch(`${url}/metrics`)).text())) return;
        }
      };
      await until(text => /^optimizely_gateway_request_bytes\{.*\} 0$/m.test(text));
    });
  });

  describe('connections', () => {
    it('beyond the limit are closed, and the others are served', async () => {
      const { port, logger } = await startServing({ maxConnections: 2 });
      const first = await RawConnection.open(port);
      first.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await first.says(/alive/);
      const second = await RawConnection.open(port);
      second.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await second.says(/alive/);
      const third = await RawConnection.open(port);
      await third.closed();
      first.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await first.says(/alive[\s\S]*alive/);
      expect(logger.at('warn').join()).to.contain('2 are open');
    });

    it('that send no request are closed', async () => {
      const { port } = await startServing({ headersTimeoutMillis: 50, requestTimeoutMillis: 100 });
      const silent = await RawConnection.open(port);
      const slow = await RawConnection.open(port);
      slow.write('POST /v1/traces HTTP/1.1\r\nhost:');
      await silent.closed();
      expect(await slow.closed()).to.match(/^HTTP\/1.1 503 [\s\S]*^retry-after: 1\r$/m);
    });

    it('that wait for their next request too long are closed', async () => {
      const { port } = await startServing({ keepAliveTimeoutMillis: 50 });
      const idle = await RawConnection.open(port);
      idle.write(post('/v1/traces', '{}'));
      await idle.closed();
      expect(idle.text).to.match(/^HTTP\/1.1 200 /);
    });
  });

  describe('HTTP', () => {
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\n';
    const smuggling: Record<string, string> = {
      'both lengths': `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /`,
      'both lengths, the other way round': `${head}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`,
      'two lengths': `${head}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`,
      'two equal lengths': `${head}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
      'a negative length': `${head}content-length: -5\r\n\r\nhello`,
      'a length with a sign': `${head}content-length: +5\r\n\r\nhello`,
      'a length in hexadecimal': `${head}content-length: 0x5\r\n\r\nhello`,
      'a length of two values': `${head}content-length: 5, 5\r\n\r\nhello`,
      'an endless length': `${head}content-length: 99999999999999999999999\r\n\r\nhello`,
      'a space before the colon': `${head}content-length : 5\r\n\r\nhello`,
      'a line without a colon': `${head}content-length 5\r\n\r\nhello`,
      'a folded header': `${head}x-a: b\r\n content-length: 5\r\n\r\nhello`,
      'a bare line feed': `${head}x-a: b\ncontent-length: 5\r\n\r\nhello`,
      'a bare carriage return': `${head}x-a: b\rcontent-length: 5\r\n\r\nhello`,
      'a null byte': `${head}x-a: \0\r\ncontent-length: 5\r\n\r\nhello`,
      'another transfer encoding': `${head}transfer-encoding: gzip\r\n\r\nhello`,
      'a hidden transfer encoding': `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
      'chunked twice': `${head}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
      'chunked and identity': `${head}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      'an encoding before chunked': `${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      'a chunk of no size': `${head}transfer-encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n`,
      'a chunk of a wrong size': `${head}transfer-encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`,
      'a chunk of a negative size': `${head}transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`,
      'a chunk of an endless size': `${head}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello`,
      'a chunk that ends in a line feed': `${head}transfer-encoding: chunked\r\n\r\n5\nhello\n0\n\n`,
      'no host': 'POST /v1/traces HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}',
      'two hosts': `${head}Host: y\r\ncontent-length: 2\r\n\r\n{}`,
      'not HTTP': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      'another version': 'POST /v1/traces HTTP/3.7\r\nhost: x\r\n\r\n',
      'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    };
    for (const [name, bytes] of Object.entries(smuggling)) {
      it(`that may be read in two ways is refused with 400: ${name}`, async () => {
        const { port, doors, runtime } = await startServing();
        const connection = await RawConnection.open(port);
        connection.write(Buffer.from(bytes, 'latin1'));
        connection.write(post('/v1/events', 'smuggled'));
        await connection.says(/^HTTP\/1.1 400 /);
        await runtime.advance(2_000);
        await connection.closed();
        expect(connection.text.match(/HTTP\/1.1 \d/g)).to.have.length(1);
        expect(doors.events.requests).to.deep.equal([]);
        expect(doors.traces.requests).to.deep.equal([]);
      });
    }

    it('of a whole request is answered, though what follows it is not HTTP', async () => {
      const { port, doors } = await startServing();
      let answer: () => void = () => {};
      doors.traces.respond = () =>
        new Promise(resolve => {
          answer = () => resolve({ status: 200, body: 'receipt' });
        });
      const connection = await RawConnection.open(port);
      connection.write(`${post('/v1/traces', '{}')}this is not HTTP\r\n\r\n`);
      await doors.traces.received(1);
      answer();
      expect(await connection.closed()).to.match(/^HTTP\/1.1 200 [\s\S]*receipt$/);
    });

    it('with headers that are too large is refused with 431', async () => {
      const { port, doors } = await startServing();
      for (const headers of [`x: ${'y'.repeat(20_000)}\r\n`, 'x: y\r\n'.repeat(9_000)]) {
        const connection = await RawConnection.open(port);
        connection.write(`POST /v1/traces HTTP/1.1\r\nhost: x\r\n${headers}content-length: 2\r\n\r\n{}`);
        expect(await connection.closed()).to.match(/^HTTP\/1.1 431 /);
      }
      expect(doors.traces.requests).to.deep.equal([]);
    });

    it('that asks for another protocol is served as HTTP/1.1', async () => {
      const { port } = await startServing();
      const connection = await RawConnection.open(port);
      const upgrade = { connection: 'upgrade, http2-settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
      connection.write(post('/v1/traces', '{}', upgrade));
      await connection.says(/^HTTP\/1.1 200 [\s\S]*taken$/);
    });
  });

  it('says what to change where a sender speaks OTLP over gRPC', async () => {
    const { port, logger } = await startServing();
    const connection = await RawConnection.open(port);
    connection.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect(await connection.closed()).to.match(/^HTTP\/1.1 400 /);
    expect(logger.at('warn').join()).to.match(/gRPC does; have it send http\/protobuf$/);
  });

  it('says what doors refuse for good, once a kind, and not what is to be sent again', async () => {
    const { url, doors, logger } = await startServing();
    for (const status of [400, 400, 413, 503, 200]) {
      doors.logs.respond = () => ({ status });
      await fetch(`${url}/v1/logs`, { method: 'POST', body: '{}' });
    }
    expect(logger.at('warn')).to.deep.equal([
      'requests of logs refused with 400: their answers say why',
      'requests of logs refused with 413: their answers say why',
    ]);
  });

  it('says refusals once a kind, and how many there were', async () => {
    const { url, logger, runtime } = await startServing({ maxBodyBytes: 10 });
    for (let count = 0; count < 5; count++) {
      await fetch(`${url}/v1/traces`, { method: 'POST', body: 'x'.repeat(11) });
      await fetch(`${url}/v1/traces`, { method: 'PUT', body: 'x' });
    }
    expect(logger.at('warn')).to.have.length(2);
    await runtime.advance(60_000);
    expect(logger.at('info')).to.have.length(2);
    expect(logger.at('info')[0]).to.match(/413.*: 5 in /);
  });
});
