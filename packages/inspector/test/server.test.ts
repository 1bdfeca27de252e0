// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ManualRuntime } from 'opentelemetry-exporter-optimizely/testing';
import { ask, batchOf, impression, makeInspector } from './harness.js';

describe('inspect: the server', () => {
  describe('security', () => {
    const paths = ['', 'page.js', 'api/overview', 'api/rows', 'api/stream', 'v1/events'];

    for (const host of [
      'evil.example',
      'evil.example:PORT',
      '127.0.0.1',
      '127.0.0.1:1',
      'localhost.evil.example:PORT',
    ]) {
      it(`refuses the Host "${host}" everywhere`, async () => {
        await using inspector = await makeInspector();
        const { port } = new URL(inspector.url);
        for (const path of paths) {
          const method = path === 'v1/events' ? 'POST' : 'GET';
          const headers = { host: host.replace('PORT', port) };
          const { status, text: said } = await ask(`${inspector.url}${path}`, {
            method,
            headers,
            body: JSON.stringify(batchOf([])),
          });
          expect(status, path).to.equal(403);
          expect(said).to.contain(`127.0.0.1:${port}`);
        }
        expect((await inspector.overview()).tick.batches).to.equal(0);
      });
    }

    it('refuses a request without a Host', async () => {
      await using inspector = await makeInspector();
      const socket = connect(Number(new URL(inspector.url).port), '127.0.0.1');
      socket.end('GET /api/overview HTTP/1.0\r\n\r\n');
      expect(await text(socket)).to.match(/^HTTP\/1.1 403 /);
    });

    it('takes its own names', async () => {
      await using inspector = await makeInspector();
      const { port } = new URL(inspector.url);
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
        expect(await ask(inspector.url, { headers: { host } }), host).to.include({ status: 200 });
      }
    });

    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:3000', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    ]) {
      it(`refuses a page of another site: ${JSON.stringify(headers)}`, async () => {
        await using inspector = await makeInspector();
        const body = JSON.stringify(batchOf([impression()]));
        for (const path of paths) {
          const method = path === 'v1/events' ? 'POST' : 'GET';
          const given = { ...(headers as Record<string, string>) };
          const answer = await ask(`${inspector.url}${path}`, {
            method,
            headers: given,
            ...(method === 'POST' && { body }),
          });
          expect(answer.status, path).to.equal(403);
          expect(answer.headers).not.to.have.property('access-control-allow-origin');
        }
        expect((await inspector.overview()).tick.batches).to.equal(0);
      });
    }

    it('refuses to clear for another site, and answers no preflight', async () => {
      await using inspector = await makeInspector();
      await inspector.send(impression());
      const headers = { origin: 'https://evil.example' };
      for (const method of ['POST', 'OPTIONS']) {
        expect(await ask(`${inspector.url}api/clear`, { method, headers })).to.include({ status: 403 });
      }
      expect((await inspector.overview()).tick.batches).to.equal(1);
    });

    it('lets a link from elsewhere open the page', async () => {
      await using inspector = await makeInspector();
      const headers = {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      };
      expect(await ask(inspector.url, { headers })).to.include({ status: 200 });
      expect(await ask(`${inspector.url}api/rows`, { headers })).to.include({ status: 403 });
    });

    it('takes events of a server, which names no origin, and of its own page', async () => {
      await using inspector = await makeInspector();
      const own = { origin: new URL(inspector.url).origin, 'sec-fetch-site': 'same-origin' };
      for (const headers of [{}, own]) {
        expect(await inspector.post(batchOf([impression()]), headers as Record<string, string>)).to.include({
          status: 204,
        });
      }
    });

    it('sends strict headers with every answer', async () => {
      await using inspector = await makeInspector();
      for (const path of [...paths.filter(path => path !== 'api/stream'), 'nothing', 'api/nothing']) {
        const { headers } = await ask(`${inspector.url}${path}`);
        expect(headers['content-security-policy'], path).to.equal(
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        );
        expect(headers).to.include({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cross-origin-resource-policy': 'same-origin',
          'cache-control': 'no-store',
        });
      }
    });

    it('listens on the loopback interface alone', async function () {
      const others = Object.values(networkInterfaces())
        .flatMap(list => list ?? [])
        .filter(({ internal, family }) => !internal && family === 'IPv4');
      if (others.length === 0) this.skip();
      await using inspector = await makeInspector();
      for (const { address } of others) {
        const socket = connect(Number(new URL(inspector.url).port), address);
        const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
        expect(error.code).to.equal('ECONNREFUSED');
      }
    });

    it('takes no more than Optimizely does, and shows what it refused', async () => {
      await using inspector = await makeInspector();
      const { status, text: said } = await inspector.post(Buffer.alloc(3_500_001, 0x20));
      expect(status).to.equal(400);
      expect(said).to.contain('3500000 bytes');
      expect(await inspector.post('{"visitors":')).to.include({ status: 400 });
      expect((await inspector.overview()).refused).to.equal(2);
      const messages = (await inspector.rows()).rows.flatMap(({ problems }) =>
        problems.map(({ message }) => message),
      );
      expect(messages[0]).to.contain('not valid JSON');
      expect(messages[1]).to.contain('3500000 bytes');
    });

    it('serves nothing but its files', async () => {
      await using inspector = await makeInspector();
      for (const path of [
        '..%2f..%2fpackage.json',
        '../../package.json',
        'index.html',
        'page.js.map',
        '%00',
        '%',
      ]) {
        expect(await ask(`${inspector.url}${path}`), path).to.include({ status: 404 });
      }
      expect(await ask(`${inspector.url}`, { method: 'PUT' })).to.include({ status: 404 });
      expect(await ask(`${inspector.url}v1/events`)).to.include({ status: 405 });
      expect(await ask(`${inspector.url}api/rows`, { method: 'DELETE' })).to.include({ status: 405 });
    });
  });

  it('goes on taking events where something cannot be shown', async () => {
    await using inspector = await makeInspector({
      forwardsTo: () => {
        throw new Error('no such place');
      },
    });
    expect(await ask(`${inspector.url}api/overview`)).to.include({
      status: 500,
      text: 'the inspector failed: no such place',
    });
    expect(await inspector.send(impression())).to.include({ status: 204 });
  });

  it('needs nothing from elsewhere for its page', async () => {
    await using inspector = await makeInspector();
    const files = await Promise.all(
      ['', 'page.js', 'page.css', 'icon.svg'].map(path => ask(`${inspector.url}${path}`)),
    );
    const [html, script] = files.map(({ text }) => text);
    for (const { text } of files) {
      const addresses = text.match(/\b(?:https?:)?\/\/[\w.-]+\.[a-z]{2,}/g) ?? [];
      expect(addresses.filter(address => !address.includes('www.w3.org'))).to.deep.equal([]);
    }
    expect(html).not.to.match(/<script(?! type="module" src="\/page\.js")|\sstyle=|\son\w+=/);
    expect(script).not.to.match(/outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });

  it('has a page that makes no markup of text', async () => {
    const folder = new URL('../src/page/', import.meta.url);
    const files = await readdir(folder, { recursive: true });
    const sources = files.filter(file => /\.tsx?$/.test(file));
    expect(sources).to.include.members(['main.tsx', 'app.tsx']);
    for (const file of sources) {
      const source = await readFile(new URL(file, folder), 'utf8');
      expect(source, file).not.to.match(/dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML/);
    }
  });

  describe('its stream', () => {
    async function listen(url: string) {
      const messages: unknown[] = [];
      const beats: unknown[] = [];
      let rest = '';
      const arrived = new Set<() => void>();
      const sent = request(`${url}api/stream`, { agent: false }).end();
      const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
      response.setEncoding('utf8').on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          if (block.startsWith('event: beat\n')) beats.push(block);
          else messages.push(JSON.parse(block.replace(/^data: /, '')));
        }
        for (const resolve of arrived) resolve();
      });
      const reach = async (list: readonly unknown[], wanted: number) => {
        while (list.length < wanted) await new Promise<void>(resolve => arrived.add(resolve));
        return list;
      };
      const count = (wanted: number) => reach(messages, wanted);
      return { messages, beats, count, reach, response, close: () => sent.destroy() };
    }

    it('tells the state of affairs at once, then changes, many at a time', async () => {
      const runtime = new ManualRuntime();
      await using inspector = await makeInspector({ runtime });
      const stream = await listen(inspector.url);
      expect(stream.response.headers['content-type']).to.match(/^text\/event-stream/);
      expect((await stream.count(1))[0]).to.include({ latest: 0, events: 0 });
      for (let batch = 0; batch < 20; batch++) await inspector.send(impression());
      await runtime.advance(99);
      expect(stream.messages).to.have.length(1);
      await runtime.advance(1);
      expect((await stream.count(2))[1]).to.include({ latest: 20, events: 20 });
      await runtime.advance(10_000);
      expect(stream.messages).to.have.length(2);
      stream.close();
    });

    it('says every second that the server is there', async () => {
      const runtime = new ManualRuntime();
      await using inspector = await makeInspector({ runtime });
      const stream = await listen(inspector.url);
      await stream.count(1);
      await runtime.advance(999);
      expect(stream.beats).to.have.length(0);
      await runtime.advance(1);
      await stream.reach(stream.beats, 1);
      await runtime.advance(2_000);
      expect(await stream.reach(stream.beats, 3)).to.have.length(3);
      stream.close();
    });

    it('arms no timer without a listener', async () => {
      const runtime = new ManualRuntime();
      await using inspector = await makeInspector({ runtime });
      await inspector.send(impression());
      expect(runtime.armed).to.equal(0);
    });

    it('has room for so many pages', async () => {
      await using inspector = await makeInspector();
      const streams = await Promise.all(Array.from({ length: 32 }, () => listen(inspector.url)));
      expect(await ask(`${inspector.url}api/stream`)).to.include({ status: 503 });
      for (const stream of streams) stream.close();
    });
  });
});
