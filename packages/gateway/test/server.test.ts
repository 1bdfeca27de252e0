// SPDX-License-Identifier: Apache-2.0
import { deflateSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { post, RawConnection } from './support/raw-connection.js';
import { closeServings, READY, startServing } from './support/serving.js';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

describe('gateway server', () => {
  afterEach(closeServings);

  it('hands a body to the door of its path, with the media type and who sent it', async () => {
    const { url, doors } = await startServing();
    for (const [path, door] of [
      ['/v1/traces', doors.traces],
      ['/v1/logs?x=1', doors.logs],
      ['/v1/events', doors.events],
    ] as const) {
      const headers = { ...JSON_TYPE, 'x-optimizely-project': 'shop' };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: '{"a":1}' });
      expect(response.status).to.equal(200);
      expect(await response.text()).to.equal('taken');
      expect(door.requests).to.deep.equal([
        {
          body: Buffer.from('{"a":1}'),
          mediaType: 'application/json',
          sender: { name: '127.0.0.1', project: 'shop' },
        },
      ]);
    }
  });

  it('listens on 127.0.0.1 unless told otherwise', async () => {
    const { serving } = await startServing();
    expect(serving.address.address).to.equal('127.0.0.1');
    expect(serving.url).to.equal(`http://127.0.0.1:${serving.address.port}`);
  });

  it('warns once where every machine may send', async () => {
    const open = await startServing({ host: '0.0.0.0' });
    expect(open.logger.at('warn')).to.have.length(1);
    expect(open.logger.at('warn')[0]).to.contain('--token-file').and.to.contain('--tls-client-ca');
    const own = await startServing({ host: '127.0.0.1' });
    expect(own.logger.at('warn')).to.deep.equal([]);
  });

  it('says what there is for a path that leads nowhere', async () => {
    const { url } = await startServing();
    for (const path of ['/', '/v1/metrics', '/v1/traces/', '/V1/traces', '/__proto__', '/toString']) {
      const response = await fetch(`${url}${path}`, { method: 'POST', body: 'x' });
      expect(response.status, path).to.equal(404);
      expect(await response.json())
        .to.have.property('message')
        .that.contains('/v1/traces');
    }
  });

  it('takes a request whose target is a whole URL', async () => {
    const { port, doors } = await startServing();
    const connection = await RawConnection.open(port);
    connection.write(post('http://gateway/v1/traces?x', '{}'));
    await connection.says(/^HTTP\/1.1 200 [\s\S]*taken$/);
    expect(doors.traces.requests).to.have.length(1);
  });

  it('names the methods of a path for one that it has not', async () => {
    const { url, doors } = await startServing();
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const response = await fetch(`${url}/v1/traces`, { method });
      expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'POST']);
    }
    const response = await fetch(`${url}/healthz`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect(doors.traces.requests).to.deep.equal([]);
  });

  it('refuses in the words of the door', async () => {
    const { url } = await startServing({ maxBodyBytes: 10 });
    const response = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: 'x'.repeat(11),
    });
    expect(response.status).to.equal(413);
    expect(await response.text()).to.match(/^application\/json refused: the body is larger than 10 bytes/);
  });

  it('keeps the connection for the next request', async () => {
    const { port, doors } = await startServing();
    const connection = await RawConnection.open(port);
    for (let count = 1; count <= 3; count++) {
      connection.write(post('/v1/traces', `${count}`));
      await connection.says(new RegExp(`(taken[\\s\\S]*){${count}}$`));
    }
    expect(doors.traces.requests.map(({ body }) => String(body))).to.deep.equal(['1', '2', '3']);
    expect(connection.text.toLowerCase()).not.to.contain('connection: close');
  });

  it('answers pipelined requests in their order', async () => {
    const { port, doors } = await startServing();
    let answerFirst: () => void = () => {};
    doors.traces.respond = ({ body }) =>
      String(body) === '1'
        ? new Promise(resolve => {
            answerFirst = () => resolve({ status: 200, body: 'first' });
          })
        : { status: 200, body: 'second' };
    const connection = await RawConnection.open(port);
    connection.write(post('/v1/traces', '1') + post('/v1/traces', '2'));
    await doors.traces.received(2);
    answerFirst();
    await connection.says(/first[\s\S]*second$/);
  });

  it('answers 503, never 500, if a door fails, and says so once', async () => {
    const { url, doors, logger } = await startServing();
    doors.events.respond = () => {
      throw new Error('broken');
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      const response = await fetch(`${url}/v1/events`, { method: 'POST', body: '{}' });
      expect(response.status).to.equal(503);
      expect(Number(response.headers.get('retry-after'))).to.be.within(1, 30);
    }
    expect(logger.at('warn').filter(line => line.includes('broken'))).to.have.length(1);
  });

  it('survives senders that go away in the middle of a body or before the answer', async () => {
    const { url, port, doors } = await startServing();
    const half = await RawConnection.open(port);
    half.write(post('/v1/traces', 'x').replace('content-length: 1', 'content-length: 5'));
    const impatient = await RawConnection.open(port);
    let answer: () => void = () => {};
    doors.traces.respond = () =>
      new Promise(resolve => {
        answer = () => resolve({ status: 200 });
      });
    impatient.write(post('/v1/traces', '{}'));
    await doors.traces.received(1);
    half.destroy();
    impatient.destroy();
    await Promise.all([half.closed(), impatient.closed()]);
    answer();
    doors.traces.respond = () => ({ status: 200 });
    expect((await fetch(`${url}/v1/traces`, { method: 'POST', body: '{}' })).status).to.equal(200);
    expect(doors.traces.requests).to.have.length(2);
  });

  describe('content encodings', () => {
    for (const [coding, pack] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['zlib', deflateSync],
    ] as const) {
      it(`unpacks ${coding}`, async () => {
        const { url, doors } = await startServing();
        for (const size of [0, 1, 1_000, 300_000, 5_000_000]) {
          const content = Buffer.alloc(size, 'abcdefghij');
          const headers = { 'content-encoding': coding };
          const body = new Uint8Array(pack(content));
          const { status } = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body });
          expect(status).to.equal(200);
          expect(doors.traces.requests.at(-1)?.body.equals(content), `${size} bytes`).to.equal(true);
        }
      });
    }

    it('stops unpacking deflate at the limit', async () => {
      const { url, doors } = await startServing({ maxBodyBytes: 100_000 });
      const body = new Uint8Array(deflateSync(Buffer.alloc(50_000_000)));
      const headers = { 'content-encoding': 'deflate' };
      expect((await fetch(`${url}/v1/traces`, { method: 'POST', headers, body })).status).to.equal(413);
      expect(doors.traces.requests).to.deep.equal([]);
    });

    it('takes identity, whatever its spelling', async () => {
      const { url, doors } = await startServing();
      for (const encoding of ['identity', 'Identity', '']) {
        const headers = { 'content-encoding': encoding };
        const { status } = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body: 'abc' });
        expect(status).to.equal(200);
      }
      expect(doors.traces.requests.map(({ body }) => String(body))).to.deep.equal(['abc', 'abc', 'abc']);
    });

    it('names those that it takes for one that it does not', async () => {
      const { url } = await startServing();
      for (const encoding of ['br', 'gzip, gzip', 'deflate, gzip', 'snappy']) {
        const headers = { 'content-encoding': encoding };
        const response = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body: 'abc' });
        expect(response.status, encoding).to.equal(415);
        expect(response.headers.get('accept-encoding')).to.match(/^gzip, deflate(, zstd)?$/);
      }
    });

    it('answers 400 for what is not deflate', async () => {
      const { url } = await startServing();
      const packed = deflateSync(Buffer.alloc(100_000, 'ab'));
      for (const body of [Buffer.from('no deflate'), packed.subarray(0, -9), gzipSync('ab')]) {
        const headers = { 'content-encoding': 'deflate' };
        const request = { method: 'POST', headers, body: new Uint8Array(body) };
        expect((await fetch(`${url}/v1/traces`, request)).status).to.equal(400);
      }
    });

    it('answers 400 for what is not gzip, or ends too early', async () => {
      const { url, doors } = await startServing();
      const packed = gzipSync(Buffer.alloc(100_000, 'ab'));
      for (const body of [Buffer.from('no gzip'), packed.subarray(0, -9), packed.subarray(0, 20)]) {
        const headers = { 'content-encoding': 'gzip' };
        const response = await fetch(`${url}/v1/traces`, {
          method: 'POST',
          headers,
          body: new Uint8Array(body),
        });
        expect(response.status).to.equal(400);
        expect(await response.text()).to.contain('gzip');
      }
      expect(doors.traces.requests).to.deep.equal([]);
    });
  });

  describe('health', () => {
    it('is alive while it answers', async () => {
      const { url } = await startServing({}, [{ ...READY, notReady: 'no_datafile' }]);
      expect((await fetch(`${url}/healthz`)).status).to.equal(200);
      const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
      expect([head.status, await head.text()]).to.deep.equal([200, '']);
    });

    it('is ready while a project takes events, and says why another one does not', async () => {
      const { url, state } = await startServing({}, [
        READY,
        { ...READY, name: 'blog', notReady: 'no_datafile' },
      ]);
      const ready = await fetch(`${url}/readyz`);
      expect(ready.status).to.equal(200);
      expect(await ready.json()).to.deep.equal({
        status: 'ready',
        projects: {
          shop: { status: 'ready', datafileRevision: '7' },
          blog: {
            status: 'not ready',
            reason: 'no_datafile',
            message: 'there is no datafile yet: check the SDK key, the access token, or the file',
            datafileRevision: '7',
          },
        },
      });
      state.projects = [{ ...READY, notReady: 'store_unusable' }];
      const unready = await fetch(`${url}/readyz`);
      expect(unready.status).to.equal(503);
      expect(await unready.json()).to.have.nested.property('projects.shop.reason', 'store_unusable');
    });

    it('has a metrics page that Prometheus reads', async () => {
      const { url, metrics } = await startServing({ maxBodyBytes: 10 });
      await fetch(`${url}/v1/traces`, { method: 'POST', body: '{}' });
      await fetch(`${url}/v1/traces`, { method: 'POST', body: 'x'.repeat(11) });
      metrics.count({ door: 'otlp', project: 'shop', sender: '10.0.0.1', outcome: 'taken', count: 5 });
      metrics.count({ door: 'otlp', project: 'shop', sender: '203.0.113.9', outcome: 'invalid', count: 2 });
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
      const text = await response.text();
      const value = (name: string, ...labels: string[]) => {
        const line = text
          .split('\n')
          .find(one => one.startsWith(name) && labels.every(label => one.includes(label)));
        return Number(line?.split(' ').at(-1));
      };
      const requests = 'optimizely_gateway_requests_total';
      expect(value(requests, 'optimizely_gateway_door="traces"', 'status_code="200"')).to.equal(1);
      expect(value(requests, 'optimizely_gateway_door="traces"', 'status_code="413"')).to.equal(1);
      expect(value('optimizely_gateway_receipt_duration_count', 'door="traces"')).to.equal(1);
      const events = 'optimizely_gateway_events_total';
      expect(value(events, 'sender="10.0.0.1"', 'outcome="taken"', 'optimizely_project="shop"')).to.equal(5);
      expect(value(events, 'sender="public"', 'outcome="invalid"')).to.equal(2);
      expect(value('optimizely_gateway_outstanding_events', 'optimizely_project="shop"')).to.equal(3);
      expect(value('optimizely_gateway_outstanding_bytes', 'optimizely_project="shop"')).to.equal(900);
      expect(value('optimizely_gateway_project_ready', 'optimizely_project="shop"')).to.equal(1);
      expect(value('optimizely_gateway_datafile_age', 'optimizely_project="shop"')).to.equal(1.5);
      expect(value('optimizely_gateway_request_bytes')).to.equal(0);
      expect(value('optimizely_gateway_connections')).to.be.within(1, 10);
    });

    it('keeps apart a hundred senders and no more', async () => {
      const { url, metrics } = await startServing();
      for (let index = 0; index < 150; index++) {
        metrics.count({ door: 'otlp', project: 'shop', sender: `team-${index}`, outcome: 'taken', count: 1 });
      }
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter(line => line.startsWith('optimizely_gateway_events_total'));
      expect(lines).to.have.length(101);
      expect(lines.find(line => line.includes('_OTHER'))).to.match(/ 50$/);
    });

    it('keeps the projects of a large fleet apart, each with all of its senders', async () => {
      const { url, metrics } = await startServing();
      for (let index = 0; index < 5_000; index++) {
        const [project, sender] = [`shop-${index % 100}`, `team-${Math.floor(index / 100)}`];
        metrics.count({ door: 'otlp', project, sender, outcome: 'taken', count: 1 });
      }
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter(line => line.startsWith('optimizely_gateway_events_total'));
      expect(lines.filter(line => line.includes('outcome="taken"'))).to.have.length(5_000);
      expect(lines).to.have.length(5_000);
    });
  });

  describe('draining', () => {
    it('sends requests elsewhere, answers those in flight, and closes connections', async () => {
      const { serving, url, port, doors } = await startServing();
      let answer: () => void = () => {};
      doors.traces.respond = () =>
        new Promise(resolve => {
          answer = () => resolve({ status: 200, body: 'receipt' });
        });
      const idle = await RawConnection.open(port);
      idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      await idle.says(/alive/);
      const inFlight = await RawConnection.open(port);
      inFlight.write(post('/v1/traces', '{}'));
      await doors.traces.received(1);
      serving.drain();
      await idle.closed();
      const refused = await fetch(`${url}/v1/traces`, { method: 'POST', body: '{}' });
      expect(refused.status).to.equal(503);
      expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 30);
      expect(refused.headers.get('connection')).to.equal('close');
      const unready = await fetch(`${url}/readyz`);
      expect(unready.status).to.equal(503);
      expect(await unready.json()).to.have.property('status', 'draining');
      expect((await fetch(`${url}/healthz`)).status).to.equal(200);
      const closed = serving.close();
      answer();
      expect(await inFlight.closed()).to.match(/^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*receipt$/i);
      await closed;
      expect(doors.traces.requests).to.have.length(1);
    });

    it('waits for the last answers no longer than it must', async () => {
      const { serving, runtime, port, doors } = await startServing();
      doors.traces.respond = () => new Promise(() => {});
      const connection = await RawConnection.open(port);
      connection.write(post('/v1/traces', '{}'));
      await doors.traces.received(1);
      const closed = serving.close();
      await runtime.advance(2_000);
      await Promise.all([closed, connection.closed()]);
    });
  });
});
