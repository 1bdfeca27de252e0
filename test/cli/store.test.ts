// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileEventStore } from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { noopLogger } from '../../src/util/guarded-logger.js';
import { systemRuntime } from '../../src/util/system-runtime.js';
import { makeDatafile } from '../support/datafile.js';
import { makeUserEvent } from '../support/fakes.js';
import { endCommands, run } from './command.js';

const PACKAGE = new URL('../../dist/index.js', import.meta.url).href;

/** Stores so many events that it can't deliver, and goes on living. */
const SERVICE = `
  const { FileEventStore, OptimizelySpanProcessor, StaticProjectConfigManager } = await import(${JSON.stringify(PACKAGE)});
  const [directory, events, datafile] = process.argv.slice(1);
  const processor = new OptimizelySpanProcessor({
    projectConfigManager: new StaticProjectConfigManager(datafile ? { datafile } : {}),
    endpoint: 'http://127.0.0.1:9/v1/events',
    eventStore: new FileEventStore({ directory }),
    logger: { error() {}, warn() {}, info() {}, debug() {} },
  });
  for (let number = 0; number < Number(events); number++) {
    processor.recordConversion({ userId: 'v' + number, eventKey: 'purchase' });
  }
  console.log('recorded');
  setInterval(() => {}, 1e6);
`;

describe('the command store', () => {
  let directory: string;
  const services = new Set<ChildProcess>();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-'));
  });
  afterEach(async () => {
    for (const service of services) service.kill('SIGKILL');
    services.clear();
    endCommands();
    await rm(directory, { recursive: true });
  });

  async function makeService(
    events: number,
    datafile: object | 'none' = makeDatafile(),
  ): Promise<ChildProcess> {
    const args = ['--input-type=module', '-e', SERVICE, directory, String(events)];
    const service = spawn(process.execPath, [...args, datafile === 'none' ? '' : JSON.stringify(datafile)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    services.add(service);
    await once(service.stdout as NodeJS.ReadableStream, 'data');
    return service;
  }

  async function kill(service: ChildProcess): Promise<void> {
    service.kill('SIGKILL');
    await once(service, 'exit');
  }

  const filesOf = async () => {
    const names = (await readdir(directory, { recursive: true })).sort();
    return Promise.all(
      names.map(async name => [
        name,
        (await stat(join(directory, name))).size,
        (await stat(join(directory, name))).mtimeMs,
      ]),
    );
  };

  it('ls tells who lives, and what each has left, and changes nothing', async () => {
    await kill(await makeService(7));
    await kill(await makeService(2, 'none'));
    const before = await filesOf();
    const { code, stdout } = await run(['store', 'ls', directory]);
    expect(code).to.equal(0);
    expect(await filesOf()).to.deep.equal(before);
    // The second may have adopted the first.
    expect(stdout.match(/^ {2}owner {6}.*$/gm)).to.satisfy((owners: string[]) =>
      owners.every(owner => /dead, pid \d+ on /.test(owner)),
    );
    expect(stdout).to.contain('9 records pending');
    await makeService(3);
    const later = await run(['store', 'ls', directory]);
    expect(later.stdout.match(/^ {2}owner {6}alive, pid \d+ on /gm)).to.have.length(1);
    expect(later.stdout).to.match(/pending {4}\d+ records/);
    expect(later.stdout).to.match(/oldest {5}\d{4}-\d\d-\d\dT/);
  });

  it('ls leaves out what was delivered', async () => {
    const store = new FileEventStore({ directory });
    store.open({ logger: noopLogger, runtime: systemRuntime, adopted() {}, lost() {} });
    const tickets = Array.from({ length: 5 }, () => {
      const { type, uuid, context, json } = makeUserEvent();
      return store.append({ kind: 'resolved', type, uuid, context, json, acceptedAt: Date.now() });
    });
    store.remove(tickets.slice(1, 3) as number[]);
    await store.close();
    const { stdout } = await run(['store', 'ls', directory]);
    expect(stdout).to.contain('pending    3 records\n').and.to.contain('owner      dead');
  });

  it('ls prints no control characters, follows no links, and tells what it cannot look into', async () => {
    await kill(await makeService(7));
    const [instance = ''] = await readdir(directory);
    const owner = join(directory, instance, 'owner.json');
    const record = JSON.parse(await readFile(owner, 'utf8')) as object;
    const host = '\u001b[2J\u001b]0;owned\u0007\r\n\u202egnp.exe\u2028\ud800';
    await writeFile(owner, JSON.stringify({ ...record, host }));
    const other = join(directory, 'elsewhere');
    await mkdir(other);
    const name = () => `v1-${crypto.randomUUID()}`;
    await symlink(other, join(directory, name()));
    await symlink('..', join(directory, instance, name()));
    execFileSync('mkfifo', [join(directory, instance, '000000000077.seg')]);
    await symlink('/dev/zero', join(directory, instance, '000000000078.seg'));
    const { code, stdout } = await run(['store', 'ls', directory]);
    expect(code).to.equal(0);
    expect(stdout.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(stdout).to.contain(String.raw`on \u{1b}[2J\u{1b}]0;owned\u{7}`);
    expect(stdout).to.contain('1 instance, 7 records pending').and.to.contain('unreadable 2 segments');
    expect((await readdir(directory)).length, 'nothing has changed').to.equal(3);
  });

  it('ls bears a record that was accepted at an impossible time', async () => {
    const store = new FileEventStore({ directory });
    store.open({ logger: noopLogger, runtime: systemRuntime, adopted() {}, lost() {} });
    const { type, uuid, context, json } = makeUserEvent();
    store.append({ kind: 'resolved', type, uuid, context, json, acceptedAt: 1e300 });
    await store.close();
    const { code, stdout } = await run(['store', 'ls', directory]);
    expect(code).to.equal(0);
    expect(stdout).to.contain('oldest     at an impossible time').and.to.contain('1 record pending');
  });

  it('ls counts what waits for a datafile', async () => {
    await makeService(2, 'none');
    const { stdout } = await run(['store', 'ls', directory]);
    expect(stdout).to.contain('pending    2 records, waiting for a datafile: 2');
    expect(stdout).to.contain('1 instance, 2 records pending');
  });

  it('replay delivers what a dead process left, without a datafile, and prints a ledger', async () => {
    await kill(await makeService(250));
    await using endpoint = await startLocalEventsEndpoint();
    const { code, stdout, stderr } = await run(['store', 'replay', directory, '--endpoint', endpoint.url]);
    expect({ code, stdout, stderr }).to.deep.equal({
      code: 0,
      stdout: 'recovered  250\ndelivered  250\n',
      stderr: '',
    });
    const visitors = endpoint.batches.flatMap(({ events }) => events.map(({ visitorId }) => visitorId));
    expect(visitors.sort()).to.deep.equal(Array.from({ length: 250 }, (_, number) => `v${number}`).sort());
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('replay leaves a living process alone', async () => {
    await makeService(5);
    const before = (await filesOf()).map(([name]) => name);
    await using endpoint = await startLocalEventsEndpoint();
    const { code, stdout } = await run(['store', 'replay', directory, '--endpoint', endpoint.url]);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'recovered  0\ndelivered  0\n' });
    expect(endpoint.batches).to.deep.equal([]);
    expect((await filesOf()).map(([name]) => name)).to.deep.equal(before);
  });

  it('replay keeps what needs a datafile, until it is given one', async () => {
    await kill(await makeService(3, 'none'));
    await using endpoint = await startLocalEventsEndpoint();
    const args = ['store', 'replay', directory, '--endpoint', endpoint.url];
    const without = await run(args);
    expect(without.code).to.equal(1);
    expect(without.stdout).to.contain(
      'stored     3, left for the next time, 3 of them for want of a datafile',
    );
    expect(endpoint.batches).to.deep.equal([]);
    const datafile = join(directory, 'datafile.json');
    await writeFile(datafile, JSON.stringify(makeDatafile()));
    const { code, stdout } = await run([...args, '--datafile', datafile]);
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'recovered  3\ndelivered  3\n' });
    expect(endpoint.batches.flatMap(({ events }) => events.map(({ key }) => key))).to.deep.equal([
      'purchase',
      'purchase',
      'purchase',
    ]);
  });

  it('replay retries what is refused for now, and drops what is refused for good', async () => {
    await kill(await makeService(4));
    let attempts = 0;
    await using endpoint = await startLocalEventsEndpoint({
      respond: ({ events }) => {
        if (++attempts === 1) return 503;
        return events.some(({ visitorId }) => visitorId === 'v2') ? 400 : undefined;
      },
    });
    const { code, stdout } = await run(['store', 'replay', directory, '--endpoint', endpoint.url]);
    expect(code).to.equal(1);
    expect(stdout).to.equal('recovered  4\ndelivered  3\ndropped    1 rejected\n');
  });

  it('replay gives up where nothing moves, and loses nothing', async () => {
    await kill(await makeService(4));
    const { code, stdout } = await run([
      'store',
      'replay',
      directory,
      '--endpoint',
      'http://127.0.0.1:9/v1/events',
      '--give-up-after',
      '1',
    ]);
    expect(code).to.equal(1);
    expect(stdout).to.contain('stored     4, left for the next time');
    expect((await run(['store', 'ls', directory])).stdout).to.contain('4 records pending');
  });

  it('replay sends to OPTIMIZELY_EVENTS_ENDPOINT unless an option says otherwise', async () => {
    await using endpoint = await startLocalEventsEndpoint();
    const replay = async (variable: string, ...args: string[]) => {
      await kill(await makeService(2));
      const env = { OPTIMIZELY_EVENTS_ENDPOINT: variable };
      const { code, stdout } = await run(['store', 'replay', directory, ...args], { env });
      return { code, stdout };
    };
    const delivered = { code: 0, stdout: 'recovered  2\ndelivered  2\n' };
    expect(await replay(endpoint.url)).to.deep.equal(delivered);
    expect(await replay('http://127.0.0.1:9/v1/events', '--endpoint', endpoint.url)).to.deep.equal(delivered);
    expect(await replay('nonsense', '--endpoint', endpoint.url)).to.deep.equal(delivered);
    expect(endpoint.batches.flatMap(({ events }) => events)).to.have.length(6);
  });

  it('replay sends nothing where the address is none, and shows it', async () => {
    await kill(await makeService(2));
    const inVariable = await run(['store', 'replay', directory], {
      env: { OPTIMIZELY_EVENTS_ENDPOINT: 'localhost:4319' },
    });
    expect(inVariable).to.deep.include({ code: 2, stdout: '' });
    expect(inVariable.stderr)
      .to.include('OPTIMIZELY_EVENTS_ENDPOINT must be')
      .and.include('not "localhost:4319"');
    const inOption = await run(['store', 'replay', directory, '--endpoint', 'localhost:4319']);
    expect(inOption).to.deep.include({ code: 2, stdout: '' });
    expect(inOption.stderr).to.include('--endpoint must be an http or https URL, not "localhost:4319"');
    expect((await run(['store', 'ls', directory])).stdout).to.contain('2 records pending');
  });

  it('refuses a directory that is not there', async () => {
    for (const action of ['ls', 'replay']) {
      const { code, stderr } = await run(['store', action, join(directory, 'none')]);
      expect(code).to.equal(1);
      expect(stderr).to.contain('is not a directory');
    }
  });
});
