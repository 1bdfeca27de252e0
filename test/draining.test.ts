// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  FileEventStore,
  type LedgerSnapshot,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { Endpoint } from './exit/endpoint.js';
import { Child, killLeftovers } from './support/child.js';
import { makeDatafile } from './support/datafile.js';

/** Events in one `record()` of the child. */
const RECORDED = 21;
const LOST = 'OPTIMIZELY_EVENTS_LOST_AT_EXIT';

describe('a service that drains at a signal', () => {
  let endpoint: Endpoint;

  beforeEach(async () => {
    endpoint = await new Endpoint().open();
  });

  afterEach(async () => {
    killLeftovers();
    await endpoint.close();
  });

  /** A service whose batches never fill nor age: it sends what is flushed. */
  async function start(
    wanted: Record<string, unknown> = {},
    script = 'service-with-host',
    env = {},
  ): Promise<Child> {
    const path = fileURLToPath(new URL(`./exit/${script}.mjs`, import.meta.url));
    const processor = { datafile: makeDatafile(), endpoint: endpoint.url, ...(wanted.processor as object) };
    const child = new Child(process.execPath, [path, JSON.stringify({ ...wanted, processor })], env);
    await child.message('ready');
    return child;
  }

  async function drain(child: Child, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const count = child.told('draining').length;
    child.signal(signal);
    await child.message('draining', count + 1);
  }

  async function record(child: Child, word = 'record'): Promise<string[]> {
    const count = child.told('uuids').length;
    child.tell(word);
    return child.message<string[]>('uuids', count + 1);
  }

  const linesAtExit = (child: Child) => child.stderr.split('\n').filter(line => line.includes(LOST));

  for (const host of ['on', 'once'] as const) {
    it(`delivers what is recorded in the meantime, before it ends (host listens with ${host}())`, async () => {
      const child = await start({ host, drainTimeoutMillis: 600_000 });
      const before = await record(child);
      await drain(child);
      await endpoint.requested(1);
      const first = await record(child);
      await endpoint.requested(2);
      const second = await record(child);
      await endpoint.requested(3);
      child.tell('close');
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(endpoint.uuids).to.have.members([...before, ...first, ...second]);
      expect(await child.message<LedgerSnapshot>('atExit')).to.deep.include({
        delivered: 3 * RECORDED,
        dropped: {},
      });
      expect(child.stderr).to.equal('');
    });
  }

  it('delivers what a processor records that is made in the meantime', async () => {
    const child = await start({ drainTimeoutMillis: 600_000 });
    await drain(child);
    await record(child, 'make another');
    await endpoint.requested(2);
    child.tell('close');
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(endpoint.uuids).to.have.length(2 * RECORDED);
  });

  it('delivers what waits for a datafile when that comes', async () => {
    const child = await start(
      { drainTimeoutMillis: 600_000, datafile: 'late' },
      'service-with-late-datafile',
    );
    await record(child);
    await drain(child);
    const meanwhile = await record(child);
    child.tell('set datafile');
    await endpoint.requested(1);
    child.tell('close');
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(endpoint.uuids)
      .to.have.length(2 * RECORDED)
      .and.include.members(meanwhile);
  });

  it('is shut down after drainTimeoutMillis though it goes on, and then says that nothing takes events', async () => {
    const child = await start({ drainTimeoutMillis: 1 });
    const uuids = await record(child);
    await drain(child);
    await child.message('closed');
    expect(endpoint.uuids).to.have.members(uuids);
    expect(await record(child)).to.deep.equal(Array(RECORDED).fill(null));
    child.tell('close');
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(child.stderr).to.match(/\[OPTIMIZELY_NO_PROCESSOR\]/);
  });

  it('leaves later signals to the host, or to the process where the host listens no more', async () => {
    const child = await start({ host: 'once', drainTimeoutMillis: 1 });
    await drain(child);
    await child.message('closed');
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
  });

  it('ends by a second signal that the host does not listen to, with everything delivered', async () => {
    const child = await start({ drainTimeoutMillis: 600_000 });
    await drain(child);
    const uuids = await record(child);
    child.signal('SIGINT');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGINT' });
    expect(endpoint.uuids).to.have.members(uuids);
  });

  it('goes on draining at a second signal that the host listens to', async () => {
    const child = await start({ drainTimeoutMillis: 600_000 });
    await drain(child);
    await drain(child);
    const uuids = await record(child);
    await endpoint.requested(1);
    child.tell('close');
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(endpoint.uuids).to.have.members(uuids);
  });

  it('is served again after the host has removed all listeners', async () => {
    const child = await start();
    child.tell('listen again');
    await child.message('listening');
    const uuids = await record(child);
    await drain(child);
    child.tell('close');
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(endpoint.uuids).to.have.members(uuids);
  });

  for (const host of ['on', 'none'] as const) {
    it(`delivers what a target records in its own shutdown (${host === 'on' ? 'drained' : 'at once'})`, async () => {
      const child = await start({ host, target: 'records', drainTimeoutMillis: host === 'on' ? 1 : 600_000 });
      child.signal('SIGTERM');
      const uuids = await child.message<string[]>('uuids');
      child.tell('close');
      expect(await child.ended).to.deep.include(host === 'on' ? { code: 0 } : { signal: 'SIGTERM' });
      expect(endpoint.uuids).to.have.members(uuids).and.have.length(RECORDED);
    });
  }

  it('is not kept up by a target whose shutdown never ends, and says which', async () => {
    const child = await start({ host: 'none', target: 'hangs', drainTimeoutMillis: 1 });
    const uuids = await record(child);
    child.signal('SIGTERM');
    expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(endpoint.uuids).to.have.members(uuids);
    expect(child.told<string>('error').join('\n')).to.include(
      "opentelemetry-exporter-optimizely: shutdown at SIGTERM failed: the application's target.shutdown() took more than 1 ms",
    );
  });

  describe('that ends before delivery has', () => {
    for (const { word, code } of [
      { word: 'exit', code: 7 },
      { word: 'throw', code: 1 },
      { word: 'reject', code: 1 },
    ]) {
      it(`says once how many events are lost: ${word}`, async () => {
        const child = await start();
        await record(child);
        child.tell(word);
        expect(await child.ended).to.deep.equal({ code, signal: null });
        expect(linesAtExit(child)).to.have.length(1);
        expect(linesAtExit(child)[0]).to.include(`: ${RECORDED};`).and.not.include('visitor');
      });
    }

    it("says once how many events are lost: a host's handler that exits at the signal", async () => {
      const child = await start();
      child.tell('exit at SIGTERM');
      await child.message('listening');
      await record(child);
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: 7, signal: null });
      expect(linesAtExit(child)).to.have.length(1);
    });

    it('counts what a shutdown is still delivering', async () => {
      endpoint.hold();
      const child = await start({ host: 'none' });
      await record(child);
      child.signal('SIGTERM');
      await endpoint.requested(1);
      child.tell('exit');
      expect(await child.ended).to.deep.equal({ code: 7, signal: null });
      expect(linesAtExit(child)[0]).to.include(`: ${RECORDED};`);
    });

    it('sums up all processors of both module formats in one line', async () => {
      const child = await start({}, 'many-processors');
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(child.told('listeners')).to.deep.equal([{ beforeExit: 1, exit: 1 }]);
      expect(linesAtExit(child)).to.have.length(1);
      expect(linesAtExit(child)[0]).to.include(`: ${14 * 3};`);
      expect(child.stderr).to.not.include('MaxListenersExceededWarning');
    });

    it('says nothing where everything is delivered, and goes on where the host catches what is thrown', async () => {
      const child = await start();
      await record(child);
      child.tell('throw, and go on');
      await child.message('goesOn');
      await drain(child);
      child.tell('close');
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(endpoint.uuids).to.have.length(RECORDED);
      expect(child.stderr).to.equal('');
    });

    it('loses nothing that an event store has, and says nothing', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'draining-'));
      try {
        const child = await start({ storeDirectory: directory });
        const uuids = await record(child);
        child.tell('exit');
        expect(await child.ended).to.deep.equal({ code: 7, signal: null });
        expect(linesAtExit(child)).to.deep.equal([]);
        await using processor = new OptimizelySpanProcessor({
          datafile: makeDatafile(),
          endpoint: endpoint.url,
          eventStore: new FileEventStore({ directory }),
        });
        while (endpoint.uuids.length < RECORDED) await endpoint.requested(endpoint.requests + 1);
        expect(endpoint.uuids).to.have.members(uuids);
        expect(processor.ledger()).to.deep.include({ recorded: 0 });
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  });

  describe('under an SDK that does nothing', () => {
    for (const sdk of ['disabled', 'never started', 'failed to start'] as const) {
      const env: Record<string, string> = sdk === 'disabled' ? { OTEL_SDK_DISABLED: 'true' } : {};

      it(`delivers at SIGTERM: ${sdk}`, async () => {
        const child = await start({ sdk }, 'service-with-idle-sdk', env);
        const uuids = await child.message<string[]>('uuids');
        child.signal('SIGTERM');
        expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
        expect(endpoint.uuids).to.have.members(uuids);
      });

      it(`delivers when the process has nothing else to do: ${sdk}`, async () => {
        const child = await start(
          { sdk, processor: { flushOnBeforeExit: true } },
          'service-with-idle-sdk',
          env,
        );
        const uuids = await child.message<string[]>('uuids');
        child.tell('close');
        expect(await child.ended).to.deep.equal({ code: 0, signal: null });
        expect(endpoint.uuids).to.have.members(uuids);
      });
    }
  });
});
