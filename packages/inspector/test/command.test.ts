// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createOptimizelySpanProcessorFromEnv } from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { OfficialSdk } from '../../../test/support/official-sdk.js';
import type { Overview, RowsView } from '../src/view/types.js';
import { CLI, endCommands, run, startInspect } from './command.js';
import { batchOf, conversion, impression, makeDatafile } from './harness.js';

const LOOPBACK_NAMES = /127\.0\.0\.1|localhost/;
const fresh = (parts: object = {}) => ({ timestamp: Date.now() - 1_000, ...parts });

async function post(endpoint: string, batch: object | string, headers: Record<string, string> = {}) {
  const body = typeof batch === 'string' ? batch : JSON.stringify(batch);
  const response = await fetch(endpoint, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, text: await response.text() };
}

const overviewOf = async (url: string) => (await (await fetch(`${url}api/overview`)).json()) as Overview;
const rowsOf = async (url: string) => (await (await fetch(`${url}api/rows`)).json()) as RowsView;

/** Looks again at every message of the stream. */
async function until(url: string, holds: (overview: Overview) => boolean): Promise<Overview> {
  const { body } = await fetch(`${url}api/stream`);
  for await (const _ of body ?? []) {
    const overview = await overviewOf(url);
    if (holds(overview)) return overview;
  }
  throw new Error('the stream ended');
}

describe('inspect: the command', () => {
  let directory: string;
  let datafile: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'inspect-'));
    datafile = join(directory, 'datafile.json');
    await writeFile(datafile, JSON.stringify(makeDatafile()));
  });
  after(() => rm(directory, { recursive: true }));
  afterEach(endCommands);

  describe('called', () => {
    it('with --help says what there is, and what leaves the machine', async () => {
      for (const args of [['--help'], ['-h'], ['help'], ['inspect', '--help'], ['validate', '-h']]) {
        const { code, stdout, stderr } = await run(args);
        expect(code).to.equal(0);
        expect(stderr).to.equal('');
        for (const word of [
          'inspect',
          'validate',
          '--forward',
          'Nothing leaves this machine',
          'Exit codes',
        ]) {
          expect(stdout).to.contain(word);
        }
      }
    });

    it('with --version says that of the package', async () => {
      const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
        version: string;
      };
      expect(await run(['--version'])).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' });
    });

    for (const [args, message] of [
      [['inspekt'], 'there is no command "inspekt"'],
      [['inspect', '--prot', '1'], "'--prot'"],
      [['inspect', 'here'], "'here'"],
      [['inspect', '--port', '70000'], '--port must be a whole number from 0 to 65535'],
      [['inspect', '--keep', '1.5'], '--keep must be a whole number'],
      [['inspect', '--datafile', 'a', '--sdk-key', 'b'], 'exclude each other'],
      [['inspect', '--forward-to', 'file:///tmp/x'], '--forward-to must be an http or https URL'],
      [['validate'], 'validate takes one file'],
      [['validate', 'a', 'b'], 'validate takes one file'],
      [['--prot', '1'], "'--prot'"],
    ] as const) {
      it(`wrongly ("${args.join(' ')}") ends with 2 and says how`, async () => {
        const { code, stdout, stderr } = await run(args);
        expect(code).to.equal(2);
        expect(stdout).to.equal('');
        expect(stderr).to.contain(message).and.to.contain('--help');
      });
    }

    it('with a datafile that cannot be used ends with 1 and says why', async () => {
      const bad = join(directory, 'bad.json');
      for (const [content, message] of [
        ['{', 'not valid JSON'],
        ['{}', 'version must be one of'],
        [undefined, "can't be read (ENOENT)"],
      ] as const) {
        await rm(bad, { force: true });
        if (content !== undefined) await writeFile(bad, content);
        const { code, stderr } = await run(['inspect', '--port', '0', '--datafile', bad]);
        expect(code).to.equal(1);
        expect(stderr).to.contain(message);
      }
    });

    it('for a port that is taken ends with 1 and says so', async () => {
      const taken = createTcpServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as { port: number };
      const { code, stderr } = await run(['inspect', '--port', String(port)]);
      taken.close();
      expect(code).to.equal(1);
      expect(stderr).to.contain(`port ${port} is taken: give another one with --port`);
    });
  });

  describe('shows', () => {
    it('what an application sends that OPTIMIZELY_EVENTS_ENDPOINT points at it', async () => {
      const { command, endpoint, url } = await startInspect(['--datafile', datafile]);
      process.env.OPTIMIZELY_EVENTS_ENDPOINT = endpoint;
      process.env.OPTIMIZELY_DATAFILE_PATH = datafile;
      const processor = createOptimizelySpanProcessorFromEnv();
      delete process.env.OPTIMIZELY_EVENTS_ENDPOINT;
      delete process.env.OPTIMIZELY_DATAFILE_PATH;
      processor.recordImpression({ userId: 'ada', ruleKey: 'banner', variationKey: 'control' });
      processor.recordConversion({ userId: 'ada', eventKey: 'purchase', timestamp: Date.now() + 10 });
      await processor.shutdown();
      const { impressions, conversions, lost, warned } = await overviewOf(url);
      expect({ impressions, conversions, lost, warned }).to.deep.equal({
        impressions: 1,
        conversions: 1,
        lost: 0,
        warned: 0,
      });
      command.signal('SIGINT');
      expect((await command.ended).code).to.equal(0);
    });

    it("what Optimizely's own SDK sends, and finds nothing wrong with it", async () => {
      const { endpoint, url } = await startInspect(['--datafile', datafile]);
      const [banner] = makeDatafile().experiments as object[];
      const complete = makeDatafile({
        experiments: [{ ...banner, audienceIds: [], forcedVariations: {} }],
        featureFlags: [],
        botFiltering: false,
        anonymizeIP: false,
      });
      const sdk = new OfficialSdk(complete);
      const { result, sent } = sdk.activate({ id: 'ada', attributes: { plan: 'gold' } }, 'banner');
      expect(result).to.be.a('string');
      const tracked = sdk.track({ id: 'ada' }, 'purchase', { revenue: 4_200 }).sent;
      expect(await post(endpoint, sent[0]?.params ?? {})).to.include({ status: 204 });
      const [later] = tracked;
      const event = later?.params.visitors[0]?.snapshots[0]?.events[0];
      if (event !== undefined) event.timestamp += 5;
      expect(await post(endpoint, later?.params ?? {})).to.include({ status: 204 });
      const { rows } = await rowsOf(url);
      expect(rows.flatMap(({ problems }) => problems.map(({ code }) => code))).to.deep.equal([]);
      expect(rows.filter(({ kind }) => kind === 'event')).to.have.length(2);
    });

    it('ids by a datafile that it reads again when it changes', async () => {
      const changing = join(directory, 'changing.json');
      await writeFile(changing, JSON.stringify(makeDatafile({ events: [] })));
      const { endpoint, url } = await startInspect(['--datafile', changing]);
      await post(endpoint, batchOf([impression(fresh()), conversion(fresh({ timestamp: Date.now() }))]));
      expect((await overviewOf(url)).facets.problems.map(({ value }) => value)).to.deep.equal([
        'unknown_event',
      ]);
      await writeFile(changing, JSON.stringify(makeDatafile({ revision: '8' })));
      await until(url, ({ datafile }) => datafile.state === 'in force' && datafile.revision === '8');
      await post(endpoint, batchOf([conversion(fresh({ timestamp: Date.now() }))]));
      expect((await rowsOf(url)).rows[1]?.problems).to.deep.equal([]);
      await writeFile(changing, '{');
      const { datafile: state } = await until(
        url,
        ({ datafile }) => 'message' in datafile && datafile.message !== undefined,
      );
      expect(state).to.deep.include({
        state: 'in force',
        revision: '8',
        message: 'the datafile is not valid JSON',
      });
    });

    it('ids by the datafile of an SDK key', async () => {
      const server = createServer((request, response) => {
        if (request.url === '/key-1.json') response.end(JSON.stringify(makeDatafile({ revision: '99' })));
        else response.writeHead(403).end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const env = { OPTIMIZELY_DATAFILE_URL_TEMPLATE: `http://127.0.0.1:${port}/{sdkKey}.json` };
      const good = await startInspect(['--sdk-key', 'key-1'], { env });
      await until(good.url, ({ datafile }) => datafile.state === 'in force' && datafile.revision === '99');
      const bad = await startInspect(['--sdk-key', 'key-2'], { env });
      const { datafile: state } = await until(bad.url, ({ datafile }) => datafile.state === 'unusable');
      expect(state).to.have.property('message').that.contains('status 403');
      for (const { command } of [good, bad]) command.signal('SIGTERM');
      await Promise.all([good.command.ended, bad.command.ended]);
      server.close();
    });
  });

  describe('keeps to itself', () => {
    /** Tells every connection that the command makes, from whichever part of it. */
    const watched = {
      NODE_OPTIONS: `--import=${new URL('../../../test/support/tell-connections.mjs', import.meta.url).pathname}`,
    };

    it('what it is sent, unless it is told to pass it on', async () => {
      const { command, endpoint, url } = await startInspect(['--datafile', datafile], { env: watched });
      await post(endpoint, batchOf([impression(fresh())]));
      expect(await overviewOf(url)).not.to.have.property('forwardsTo');
      command.signal('SIGINT');
      const { stderr } = await command.ended;
      expect(stderr).to.equal('');
    });

    it('nothing that it passes on: the same bytes, and the answer', async () => {
      await using upstream = await startLocalEventsEndpoint({
        respond: ({ params }) => (params.revision === '500' ? 500 : undefined),
      });
      const { command, endpoint, url } = await startInspect(['--forward-to', upstream.url], { env: watched });
      const body = ` ${JSON.stringify(batchOf([impression(fresh())]))}\n`;
      const notes = { 'x-optimizely-inspect-cause': 'size', 'x-optimizely-strict': 'true' };
      expect(await post(endpoint, body, notes)).to.include({ status: 204 });
      expect(upstream.batches[0]?.byteLength).to.equal(body.length);
      expect(upstream.batches[0]?.headers).to.include({ 'x-optimizely-strict': 'true' });
      expect(upstream.batches[0]?.headers).not.to.have.property('x-optimizely-inspect-cause');
      expect(await overviewOf(url)).to.have.property('forwardsTo', upstream.url);
      expect((await rowsOf(url)).rows[0]).to.include({ forwarding: 'arrived', status: 204, cause: 'size' });

      const again = batchOf([impression(fresh())], { revision: '500' });
      expect(await post(endpoint, again)).to.include({ status: 500 });
      const [refused] = (await rowsOf(url)).rows;
      expect(refused).to.include({ forwarding: 'refused', status: 500 });
      expect(refused?.problems.map(({ code }) => code)).to.deep.equal(['refused']);

      await upstream.close();
      const { status, text } = await post(endpoint, again);
      expect({ status, text }).to.deep.equal({ status: 502, text: 'Optimizely could not be reached' });
      command.signal('SIGINT');
      const { stdout, stderr } = await command.ended;
      expect(stderr).to.match(LOOPBACK_NAMES); // the watch works
      expect(stdout).to.contain(`Forwards  to ${upstream.url}`).and.to.contain('refused: 2 requests');
    });

    it('who is asked to be passed on to: the region of the datafile decides', async () => {
      const european = join(directory, 'eu.json');
      await writeFile(european, JSON.stringify(makeDatafile({ region: 'EU' })));
      const { command } = await startInspect(['--forward', '--datafile', european]);
      expect(await command.says(/Forwards {2}to (\S+)\n/)).to.equal(
        'https://eu.logx.optimizely.com/v1/events',
      );
      const other = await startInspect(['--forward']);
      expect(await other.command.says(/Forwards {2}to (\S+)\n/)).to.equal(
        'https://logx.optimizely.com/v1/events',
      );
    });
  });

  describe('--no-page', () => {
    it('prints a line an event with its problems, and a summary at Ctrl-C', async () => {
      const { command, endpoint } = await startInspect(['--no-page', '--datafile', datafile]);
      await post(
        endpoint,
        batchOf([impression(fresh()), conversion({ visitorId: 'eve', timestamp: Date.now() })]),
        {
          'x-optimizely-inspect-cause': 'age',
        },
      );
      await command.says(/visitor eve.*\n/);
      expect(command.stdout).to.match(
        /batch 1: 2 events, 2 visitors, \d+ bytes, closed by age, revision 7, answered 204\n/,
      );
      expect(command.stdout).to.match(
        /^\d\d:\d\d:\d\d\.\d{3} {2}impression {2}banner → control {2}visitor ada$/m,
      );
      expect(command.stdout).to.match(
        /conversion {2}purchase {2}visitor eve {2}✕ no_earlier_decision: no counted decision/,
      );
      await post(endpoint, 'no JSON');
      await command.says(/refused with 400: the body is not valid JSON/);
      command.signal('SIGINT');
      const { code, stdout, stderr } = await command.ended;
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      for (const part of [
        '2 batches, 1 impression, 1 conversion',
        '✕ 1 event would not count',
        '1 × no_earlier_decision',
        'experiment banner',
        '✕ conversions_unexposed: 1 conversion came from visitors whom the experiment has not decided for',
        'control: 1 visitor (100.0 %, 50.0 % expected), 1 impression',
      ]) {
        expect(stdout).to.contain(part);
      }
      expect(stdout).not.to.contain('\u001b');
    });

    it('ends with its summary when its reader has gone', async () => {
      const { command, endpoint } = await startInspect(['--no-page']);
      command.closeStdout();
      // It has something to say then, and may end before it has answered.
      await post(endpoint, batchOf([impression()])).catch(() => {});
      const { code, stderr } = await command.ended;
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    });

    it('serves no page', async () => {
      const { url } = await startInspect(['--no-page']);
      for (const path of ['', 'api/overview']) expect((await fetch(`${url}${path}`)).status).to.equal(404);
    });

    it('lets no payload write to the terminal', async () => {
      const { command, endpoint } = await startInspect(['--no-page']);
      const evil = '\u001b]0;owned\u0007\u001b[2J\u202eevil\nforged line\r';
      await post(
        endpoint,
        batchOf(
          [
            impression(fresh({ visitorId: evil, metadata: { rule_key: evil, variation_key: evil } })),
            conversion({ visitorId: `${evil}last`, event: { key: evil } }),
          ],
          {
            revision: evil,
          },
        ),
      );
      await command.says(/last/);
      command.signal('SIGINT');
      const { stdout } = await command.ended;
      for (const character of ['\u001b', '\u0007', '\r', '\u202e']) expect(stdout).not.to.contain(character);
      expect(stdout).not.to.match(/^forged/m);
      expect(stdout).to.contain('\\u{1b}]0;owned\\u{7}');
    });
  });

  it('writes colors to a terminal only, and not where NO_COLOR asks for none', function () {
    const inTerminal = (env: Record<string, string>) => {
      try {
        const command = `printf '{"visitors":[]}' | ${process.execPath} ${CLI} validate -`;
        const args = ['-qec', command, '/dev/null'];
        return execFileSync('script', args, {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
          stdio: ['ignore', 'pipe', 'ignore'],
        });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.skip();
        return String((error as { stdout?: unknown }).stdout);
      }
    };
    expect(inTerminal({})).to.contain('\u001b[31m');
    expect(inTerminal({ NO_COLOR: '1' }))
      .to.contain('malformed')
      .and.not.to.contain('\u001b');
  });
});
