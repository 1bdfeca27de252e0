import type { Socket } from 'node:net';
import { expect } from 'chai';
import { OptimizelySpanProcessor, UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { Agent } from 'undici';

import { makeDatafile } from '../support/datafile.js';
import { startRawServer } from '../support/raw-server.js';

const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n';
const CUT_OFF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok';

/** A final status, and something wrong behind its line. */
const BROKEN: Record<string, (socket: Socket) => void> = {
  'a 204 with a body': socket => socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}'),
  'a body that is cut off': socket => socket.end(CUT_OFF),
  'a body that is reset': socket => socket.write(CUT_OFF, () => socket.resetAndDestroy()),
  'chunks that are cut off': socket =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'),
  'chunks that are none': socket =>
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  'a body that never comes': socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'),
  'a body until the end of the connection': socket => socket.write('HTTP/1.0 200 OK\r\n\r\nok'),
  'garbage behind the answer': socket => socket.write(`${NO_CONTENT}HTTP/1.1 500 No\r\n\r\n\0\0`),
};

/** What undici makes of these heads is no answer. */
const UNPARSABLE: Record<string, string> = {
  'a Content-Length that is no number': 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a length and chunks':
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a header line that is folded': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n',
  'more headers than a head may have': `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(500_000)}\r\n\r\n`,
  'lines without a carriage return': 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
};

const INTERIM: Record<string, readonly string[]> = {
  'a 100 Continue': ['HTTP/1.1 100 Continue\r\n\r\n', NO_CONTENT],
  'a 100 Continue in one piece with the answer': [`HTTP/1.1 100 Continue\r\n\r\n${NO_CONTENT}`],
  'a 102, a 103 with headers and a 100': [
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    NO_CONTENT,
  ],
  'a 100 Continue that comes byte by byte': [...`HTTP/1.1 100 Continue\r\nX: y\r\n\r\n${NO_CONTENT}`],
};

describe('the answer to a request', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const open = async (answer: (socket: Socket, index: number) => void) => {
    const server = await startRawServer(answer);
    opened.push(server);
    return server;
  };
  const makeDispatcher = (options?: ConstructorParameters<typeof UndiciEventDispatcher>[0]) => {
    const dispatcher = new UndiciEventDispatcher(options);
    opened.unshift(dispatcher);
    return dispatcher;
  };
  const post = (dispatcher: UndiciEventDispatcher, url: string) =>
    dispatcher.dispatchEvent({ httpVerb: 'POST', url, body: '{"visitors":[]}' });

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  for (const [what, answer] of Object.entries(BROKEN)) {
    it(`is its head, whatever is behind it: ${what}`, async () => {
      const server = await open(answer);
      const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), endpoint: server.url });
      for (const userId of ['a', 'b']) {
        processor.recordConversion({ userId, eventKey: 'purchase' });
        await processor.forceFlush();
      }
      expect(processor.ledger().delivered).to.equal(2);
      expect(server.requests).to.equal(2);
      await processor.shutdown();
    });

    it(`is its head for a dispatcher of the application's too: ${what}`, async () => {
      const server = await open(answer);
      const agent = new Agent();
      const dispatcher = makeDispatcher({ dispatcher: agent });
      expect((await post(dispatcher, server.url)).statusCode).to.be.oneOf([200, 204]);
      expect((await post(dispatcher, server.url)).statusCode).to.be.oneOf([200, 204]);
      expect(server.requests).to.equal(2);
      await agent.destroy();
    });
  }

  it('is the head of a refusal as well', async () => {
    const server = await open(socket => socket.end('HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\nno'));
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), endpoint: server.url });
    processor.recordConversion({ userId: 'a', eventKey: 'purchase' });
    await processor.forceFlush();
    expect(processor.ledger().dropped).to.deep.equal({ rejected: 1 });
    await processor.shutdown();
  });

  for (const [what, text] of Object.entries(UNPARSABLE)) {
    it(`is its first line where the others cannot be parsed: ${what}`, async () => {
      const server = await open(socket => socket.write(text));
      expect(await post(makeDispatcher(), server.url)).to.have.property('statusCode', 200);
    });
  }

  it('is missing where the head is cut off', async () => {
    const server = await open(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Le'));
    const error: unknown = await post(makeDispatcher(), server.url).catch(error => error);
    expect(error).to.be.instanceOf(Error);
  });

  for (const [what, pieces] of Object.entries(INTERIM)) {
    it(`comes behind interim answers: ${what}`, async () => {
      const server = await open(async socket => {
        for (const piece of pieces) await new Promise(resolve => socket.write(piece, resolve));
      });
      const dispatcher = makeDispatcher();
      expect(await post(dispatcher, server.url)).to.have.property('statusCode', 204);
      expect(await post(dispatcher, server.url)).to.have.property('statusCode', 204);
      expect(server.requests).to.equal(2);
    });
  }

  it('ends the connection of a body that goes on too long', async () => {
    const server = await open(socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      const more = () => {
        if (!socket.destroyed) socket.write(Buffer.alloc(10_000), more);
      };
      more();
    });
    await post(makeDispatcher(), server.url);
    await server.allClosed();
  });
});
