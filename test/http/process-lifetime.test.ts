import type { Socket } from 'node:net';
import { expect } from 'chai';
import { Child, killLeftovers } from '../support/child.js';
import { startRawServer } from '../support/raw-server.js';
import { ROOT } from '../support/run-example.js';

/** No test waits for it: a process that it held would outlive the test. */
const requestTimeoutMillis = 600_000;

const silent = () => {};
const headOnly = (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
const refusedWithoutBody = (socket: Socket) => socket.write('HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\n');
const tunnelsNowhere = (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n');

describe('a request and the life of the process', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async (answer: (socket: Socket) => unknown) => {
    const server = await startRawServer(answer);
    opened.push(server);
    return server;
  };
  const start = (wanted: object, env: Record<string, string> = {}) =>
    new Child('env', [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      `${ROOT}test/http/service.mjs`,
      JSON.stringify({ requestTimeoutMillis, ...wanted }),
    ]);

  afterEach(async () => {
    killLeftovers();
    for (const each of opened.splice(0)) await each.close();
  });

  it('is not prolonged by the loading of undici', async () => {
    const child = start({ sendsNothing: true });
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(await child.message('timers')).to.equal(1);
    expect(await child.message('undiciIsLoaded')).to.equal(false);
  });

  it('finds undici loaded where the process was idle before', async () => {
    const child = start({ sendsNothing: true, livesUntilUndiciIsLoaded: true });
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(await child.message('undiciIsLoaded')).to.equal(true);
  });

  for (const env of [{ NODE_ENV: 'test' }, { JEST_WORKER_ID: '1' }]) {
    it(`has nothing planned that could fall behind the end of a test (${Object.keys(env)})`, async () => {
      const child = start({ sendsNothing: true }, env as Record<string, string>);
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(await child.message('timers')).to.equal(0);
    });
  }

  for (const [what, answer] of Object.entries({
    'never answers': silent,
    'never sends the datafile behind the head': headOnly,
    'never sends the body of a refusal': refusedWithoutBody,
  })) {
    it(`is not prolonged by a datafile request whose server ${what}`, async () => {
      const server = await open(answer);
      const child = start({ urlTemplate: `${server.origin}/%s.json` });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    });
  }

  it('is not prolonged by a TLS handshake with the host of the datafile', async () => {
    const server = await open(silent);
    const child = start({ urlTemplate: `${server.origin.replace('http:', 'https:')}/%s.json` });
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
  });

  for (const [what, answer] of Object.entries({
    'never answers': silent,
    'lets through to a host that never answers': tunnelsNowhere,
  })) {
    it(`is not prolonged by a proxy on the way to the datafile that ${what}`, async () => {
      const { origin } = await open(answer);
      const child = start({ urlTemplate: 'https://cdn.example.test/%s.json' }, { HTTPS_PROXY: origin });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    });
  }

  it('is not prolonged by the preload entry where nothing was recorded', async () => {
    const { origin } = await open(silent);
    const child = new Child('env', [
      'OPTIMIZELY_SDK_KEY=key',
      `OPTIMIZELY_DATAFILE_URL_TEMPLATE=${origin}/%s.json`,
      process.execPath,
      '--import',
      `${ROOT}dist/register/index.js`,
      '-e',
      '0',
    ]);
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
  });

  it('lasts until the head of the answer to an event has come, and no longer', async () => {
    let answer: (text: string) => void = silent;
    const server = await open(socket => {
      answer = text => void socket.write(text);
    });
    const child = start({ endpoint: server.url });
    await child.message('ran');
    await server.received(1);
    expect(child.ending).to.equal(undefined);
    answer('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
    expect(await child.message('statusCode')).to.equal(200);
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
  });

  it('lasts for the deadline of an event whose server never answers', async () => {
    const server = await open(silent);
    const child = start({ endpoint: server.url, requestTimeoutMillis: 300 });
    // With the rejection of its request, which it does not handle.
    expect(await child.ended).to.deep.equal({ code: 1, signal: null });
    expect(child.stderr).to.include('TimeoutError');
  });
});
