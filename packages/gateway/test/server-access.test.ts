// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import fc from 'fast-check';
import { skip } from '../../../test/support/skip.js';
import { BearerTokens } from '../src/server/bearer-tokens.js';
import { type Certificate, makeAuthority, makeCertificate, opensslVersion } from './support/certificates.js';
import { closeServings, startServing } from './support/serving.js';

let folder: string;
let tokenFile: string;

describe('gateway server access', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-access-'));
    tokenFile = join(folder, 'tokens');
  });
  afterEach(closeServings);
  after(() => rmSync(folder, { recursive: true }));

  it('refuses web pages where it asks for nothing else', async () => {
    const send = async (url: string, headers: Record<string, string>) =>
      (await fetch(`${url}/v1/events`, { method: 'POST', headers, body: '{}' })).status;
    const page = { origin: 'https://evil.example', 'content-type': 'text/plain' };
    const open = await startServing();
    expect(await send(open.url, page)).to.equal(403);
    expect(await send(open.url, { ...page, origin: open.url })).to.equal(403);
    expect(await send(open.url, {})).to.equal(200);
    expect(open.doors.events.requests).to.have.length(1);
    writeFileSync(tokenFile, 's3cret\n');
    const guarded = await startServing({ tokenFile });
    expect(await send(guarded.url, { ...page, authorization: 'Bearer s3cret' })).to.equal(200);
  });

  describe('by token', () => {
    const send = async (url: string, authorization?: string, path = '/v1/traces') => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: '{}' });
      return { status: response.status, asksFor: response.headers.get('www-authenticate') };
    };

    it('names the sender after the token', async () => {
      writeFileSync(tokenFile, '# senders\n\nshop-backend  s3cret-1\r\n\ts3cret-2  \nshop-backend s3cret-3');
      const { url, doors } = await startServing({ tokenFile });
      for (const token of ['s3cret-1', 's3cret-2', 's3cret-3']) {
        expect(await send(url, `Bearer ${token}`)).to.include({ status: 200 });
      }
      expect(await send(url, 'bearer   s3cret-1 ')).to.include({ status: 200 });
      const names = doors.traces.requests.map(({ sender }) => sender.name);
      expect(names).to.deep.equal(['shop-backend', 'token-2', 'shop-backend', 'shop-backend']);
    });

    it('refuses with 401 whoever shows none of them, and logs no token', async () => {
      writeFileSync(tokenFile, 'shop s3cret-1\n');
      const { url, doors, logger } = await startServing({ tokenFile });
      for (const authorization of [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        'Bearer s3cret-',
        'Bearer s3cret-11',
        'Bearer S3CRET-1',
        'Bearer shop',
        'Bearer shop s3cret-1',
        'Basic s3cret-1',
        's3cret-1',
        `Bearer ${'x'.repeat(8_000)}`,
      ]) {
        expect(await send(url, authorization)).to.deep.equal({ status: 401, asksFor: 'Bearer' });
      }
      for (const path of ['/v1/logs', '/v1/events']) {
        expect(await send(url, undefined, path)).to.include({ status: 401 });
      }
      expect(Object.values(doors).flatMap(({ requests }) => requests)).to.deep.equal([]);
      expect(JSON.stringify(logger.lines).toLowerCase()).not.to.contain('s3cret');
    });

    it('asks for one before the metrics, not before health and readiness', async () => {
      writeFileSync(tokenFile, 'shop s3cret-1\n');
      const { url } = await startServing({ tokenFile });
      const status = async (path: string, headers = {}) => (await fetch(`${url}${path}`, { headers })).status;
      expect(await status('/healthz')).to.equal(200);
      expect(await status('/readyz')).to.equal(200);
      expect(await status('/metrics')).to.equal(401);
      expect(await status('/metrics', { authorization: 'Bearer s3cret-1' })).to.equal(200);
    });

    it('reads the file again when it changes, by its clock and when it is told to', async () => {
      writeFileSync(tokenFile, 'shop old-token\n');
      const { url, runtime, serving, logger } = await startServing({ tokenFile });
      writeFileSync(tokenFile, 'shop old-token\nshop new-token-1\n');
      expect(await send(url, 'Bearer new-token-1')).to.include({ status: 401 });
      await runtime.advance(5_000);
      expect(await send(url, 'Bearer new-token-1')).to.include({ status: 200 });
      writeFileSync(tokenFile, 'shop another-token-2\n');
      expect(serving.reload()).to.deep.equal([]);
      expect(await send(url, 'Bearer another-token-2')).to.include({ status: 200 });
      expect(await send(url, 'Bearer old-token')).to.include({ status: 401 });
      expect(logger.at('info')).to.have.length(2);
    });

    it('keeps the tokens that it has while the file is of no use, and says so once', async () => {
      writeFileSync(tokenFile, 'shop old-token\n');
      const { url, runtime, serving, logger } = await startServing({ tokenFile });
      const useless = [
        () => rmSync(tokenFile),
        () => writeFileSync(tokenFile, '# none\n'),
        () => writeFileSync(tokenFile, 'a b c\n'),
      ];
      for (const [index, spoil] of useless.entries()) {
        spoil();
        await runtime.advance(20_000);
        expect(await send(url, 'Bearer old-token')).to.include({ status: 200 });
        expect(logger.at('error')).to.have.length(index + 1);
        expect(serving.reload()).to.have.length(1);
      }
      writeFileSync(tokenFile, 'shop new-token\n');
      await runtime.advance(5_000);
      expect(await send(url, 'Bearer new-token')).to.include({ status: 200 });
      expect(serving.reload()).to.deep.equal([]);
    });

    it('does not start without a token', async () => {
      for (const [text, message] of [
        ['', 'there is no token in it'],
        ['# only a comment\n\n', 'there is no token in it'],
        ['shop token\na b c\n', 'line 2 is not'],
        ['shop töken\n', 'line 1 is not'],
        ['x\n'.repeat(1_001), 'more than 1000 tokens'],
      ] as const) {
        writeFileSync(tokenFile, text);
        expect(await failureOf(startServing({ tokenFile })))
          .to.contain(message)
          .and.not.to.contain('töken');
      }
      rmSync(tokenFile);
      expect(await failureOf(startServing({ tokenFile })))
        .to.contain('ENOENT')
        .and.to.contain(tokenFile);
      expect(await failureOf(startServing({ tokenFile: folder }))).to.contain('is not a file');
    });

    it('finds exactly the tokens of the file', () => {
      const token = fc.stringMatching(/^[\w.~+/-]{1,40}={0,2}$/);
      fc.assert(
        fc.property(fc.uniqueArray(token, { minLength: 1, maxLength: 20 }), token, (tokens, other) => {
          const parsed = BearerTokens.parse(tokens.map((one, index) => `sender-${index} ${one}`).join('\n'));
          for (const [index, one] of tokens.entries()) {
            expect(parsed.nameOf(`Bearer ${one}`)).to.equal(`sender-${index}`);
          }
          fc.pre(!tokens.includes(other));
          expect(parsed.nameOf(`Bearer ${other}`)).to.equal(undefined);
        }),
      );
    });
  });

  describe('by certificate', () => {
    let authority: Certificate;
    let stranger: Certificate;
    let server: Certificate;
    let client: Certificate;

    before(function () {
      if (opensslVersion() === undefined) skip(this, 'no openssl to make certificates with');
      authority = makeAuthority(folder, 'authority');
      stranger = makeAuthority(folder, 'stranger');
      server = makeCertificate(folder, 'server', authority);
      client = makeCertificate(folder, 'shop-client', authority);
    });

    /** @returns the status, and the certificate that the server has shown */
    const send = (url: string, options: RequestOptions = {}, path = '/v1/traces') =>
      new Promise<{ status: number | undefined; serial: string; protocol: string | null }>(
        (resolve, reject) => {
          const method = path.startsWith('/v1/') ? 'POST' : 'GET';
          const sending = request(
            `${url}${path}`,
            { method, ca: [authority.cert, stranger.cert], agent: false, ...options },
            response => {
              const socket = response.socket as TLSSocket;
              const { serialNumber: serial } = socket.getPeerCertificate();
              response.resume().on('end', () => {
                resolve({ status: response.statusCode, serial, protocol: socket.getProtocol() });
              });
            },
          );
          sending.on('error', reject);
          sending.end(method === 'POST' ? '{}' : undefined);
        },
      );

    it('serves TLS 1.2 and newer, and no older one', async () => {
      const { url, doors, logger } = await startServing({ tlsCert: server.certFile, tlsKey: server.keyFile });
      expect(url).to.match(/^https:/);
      expect(await send(url)).to.include({ status: 200, protocol: 'TLSv1.3' });
      expect(await send(url, { maxVersion: 'TLSv1.2' })).to.include({ status: 200, protocol: 'TLSv1.2' });
      const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      expect(await failureOf(send(url, old))).to.match(/version|protocol/i);
      expect(doors.traces.requests).to.have.length(2);
      expect(logger.at('warn')).to.have.length(1);
    });

    it('refuses clients without an accepted certificate, and names the others after it', async () => {
      const forged = makeCertificate(folder, 'forged', stranger);
      const { url, doors } = await startServing({
        tlsCert: server.certFile,
        tlsKey: server.keyFile,
        tlsClientCa: authority.certFile,
      });
      expect(await send(url)).to.include({ status: 403 });
      expect(await send(url, { cert: forged.cert, key: forged.key })).to.include({ status: 403 });
      expect(await send(url, { cert: stranger.cert, key: stranger.key })).to.include({ status: 403 });
      for (const path of ['/v1/logs', '/v1/events', '/metrics']) {
        expect(await send(url, {}, path)).to.include({ status: 403 });
      }
      expect(doors.traces.requests).to.deep.equal([]);
      expect(await send(url, { cert: client.cert, key: client.key })).to.include({ status: 200 });
      expect(doors.traces.requests[0]?.sender.name).to.equal('shop-client');
      for (const path of ['/healthz', '/readyz'])
        expect(await send(url, {}, path)).to.include({ status: 200 });
    });

    it('asks for both a certificate and a token where both are configured', async () => {
      writeFileSync(tokenFile, 'shop s3cret\n');
      const { url, doors } = await startServing({
        tlsCert: server.certFile,
        tlsKey: server.keyFile,
        tlsClientCa: authority.certFile,
        tokenFile,
      });
      const headers = { authorization: 'Bearer s3cret' };
      expect(await send(url, { headers })).to.include({ status: 403 });
      expect(await send(url, { cert: client.cert, key: client.key })).to.include({ status: 401 });
      expect(await send(url, { cert: client.cert, key: client.key, headers })).to.include({ status: 200 });
      expect(doors.traces.requests[0]?.sender.name).to.equal('shop');
    });

    it('serves a certificate that was replaced, and keeps the old one while the files do not match', async () => {
      const certFile = join(folder, 'live.pem');
      const keyFile = join(folder, 'live.key');
      copyFileSync(server.certFile, certFile);
      copyFileSync(server.keyFile, keyFile);
      const { url, runtime, logger } = await startServing({ tlsCert: certFile, tlsKey: keyFile });
      const { serial: old } = await send(url);
      const next = makeCertificate(folder, 'next', authority);
      copyFileSync(next.certFile, certFile);
      await runtime.advance(10_000);
      expect((await send(url)).serial).to.equal(old);
      expect(logger.at('error')).to.have.length(1);
      copyFileSync(next.keyFile, keyFile);
      await runtime.advance(5_000);
      expect((await send(url)).serial).not.to.equal(old);
      expect(logger.at('error')).to.have.length(1);
    });

    it('accepts no certificate of an authority that was taken away, not even on a connection from before', async () => {
      const caFile = join(folder, 'live-ca.pem');
      copyFileSync(authority.certFile, caFile);
      const { url, runtime, doors } = await startServing({
        tlsCert: server.certFile,
        tlsKey: server.keyFile,
        tlsClientCa: caFile,
      });
      // Keeps connections and resumes sessions.
      const agent = new Agent({ keepAlive: true, maxCachedSessions: 10 });
      const options = { cert: client.cert, key: client.key, agent };
      expect(await send(url, options)).to.include({ status: 200 });
      copyFileSync(stranger.certFile, caFile);
      await runtime.advance(5_000);
      expect(await send(url, options)).to.include({ status: 403 });
      expect(doors.traces.requests).to.have.length(1);
      agent.destroy();
    });

    it('keeps its authorities while their file is incomplete: senders of those behind would be refused', async () => {
      const caFile = join(folder, 'list-ca.pem');
      const list = stranger.cert + authority.cert;
      writeFileSync(caFile, list);
      const { url, serving, logger } = await startServing({
        tlsCert: server.certFile,
        tlsKey: server.keyFile,
        tlsClientCa: caFile,
      });
      const options = { cert: client.cert, key: client.key };
      const cuts = [40, stranger.cert.length + 40, list.length - 60, list.length - 10];
      for (const length of cuts) {
        writeFileSync(caFile, list.slice(0, length));
        expect(serving.reload()[0], `cut at ${length}`).to.contain("client authorities can't be read");
        expect(await send(url, options)).to.include({ status: 200 });
      }
      writeFileSync(caFile, `${list.slice(0, 100)}!!${list.slice(102)}`);
      expect(serving.reload()).to.have.length(1);
      writeFileSync(caFile, `# the authorities\n${list.replaceAll('\n', '\r\n')}# end`);
      expect(serving.reload()).to.deep.equal([]);
      expect(await send(url, options)).to.include({ status: 200 });
      expect(logger.at('info').at(-1)).to.equal('the TLS files changed and were read again');
    });

    it('bears what is not TLS', async () => {
      const { url, logger } = await startServing({ tlsCert: server.certFile, tlsKey: server.keyFile });
      expect(await failureOf(fetch(url.replace('https', 'http')))).to.be.a('string');
      expect(await send(url)).to.include({ status: 200 });
      expect(logger.at('warn').join()).to.contain('TLS handshake');
    });

    it('does not start with files that cannot be used', async () => {
      const { certFile: tlsCert, keyFile: tlsKey } = server;
      for (const [options, message] of [
        [{ tlsCert, tlsKey: client.keyFile }, 'the key is not that of the certificate: replace both files'],
        [{ tlsCert: join(folder, 'none.pem'), tlsKey }, 'none.pem'],
        [{ tlsCert: tlsKey, tlsKey }, "the certificate can't be used: it must be PEM"],
        [{ tlsCert, tlsKey: tlsCert }, "the key can't be used: it must be PEM"],
        [{ tlsCert, tlsKey, tlsClientCa: tlsKey }, 'no certificate in the file of client authorities'],
      ] as const) {
        expect(await failureOf(startServing(options)))
          .to.contain(`the TLS files: `)
          .and.to.contain(message);
      }
    });
  });
});

/** @returns the message of what it rejects with */
async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
  throw new Error('it was expected to fail');
}
