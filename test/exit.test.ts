// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type LedgerSnapshot,
  OptimizelySpanProcessor,
  shutdownOnSignals,
} from 'opentelemetry-exporter-optimizely';
import { Endpoint } from './exit/endpoint.js';
import { Child, killLeftovers } from './support/child.js';
import { makeDatafile } from './support/datafile.js';

interface Wanted {
  /** Options of the processor, over those that send nothing by themselves. */
  processor?: Record<string, unknown>;
  [name: string]: unknown;
}

/** Events in one `record()` of the children. */
const RECORDED = 21;

describe('exit', () => {
  let endpoint: Endpoint;

  beforeEach(async () => {
    endpoint = await new Endpoint().open();
  });

  afterEach(async () => {
    killLeftovers();
    await endpoint.close();
  });

  /** The arguments of node for a child of test/exit that delivers to the endpoint. */
  function nodeArguments(script: string, { processor, ...wanted }: Wanted = {}): string[] {
    const options = { datafile: makeDatafile(), endpoint: endpoint.url, ...processor };
    const path = fileURLToPath(new URL(`./exit/${script}.mjs`, import.meta.url));
    return [path, JSON.stringify({ ...wanted, processor: options })];
  }

  function start(script: string, wanted?: Wanted): Child {
    return new Child(process.execPath, nodeArguments(script, wanted));
  }

  function expectDelivered(child: Child, sets = 1): void {
    const recorded = child.told<string[]>('uuids').flat();
    expect(new Set(recorded)).to.have.property('size', sets * RECORDED);
    expect(endpoint.uuids).to.have.members(recorded);
  }

  describe('shutdownOnSignals', () => {
    for (const { signal, code, signals } of [
      { signal: 'SIGTERM', code: 143 },
      { signal: 'SIGINT', code: 130 },
      { signal: 'SIGHUP', code: 129, signals: ['SIGHUP'] },
    ] as const) {
      it(`delivers everything under NodeSDK, then lets ${signal} end the process`, async () => {
        const child = start('service', { signals });
        await child.message('uuids');
        expect(endpoint.requests).to.equal(0);
        child.signal(signal);
        expect(await child.ended).to.deep.equal({ code: null, signal });
        expectDelivered(child, 2);
        expect(child.told('shuttingDown')).to.have.length(1);
      });

      it(`has a shell report ${signal} as exit code ${code}`, async () => {
        const command = '"$@"; echo "{ \\"status\\": $? }"';
        const node = [process.execPath, ...nodeArguments('service', { signals })];
        const shell = new Child('sh', ['-c', command, 'sh', ...node]);
        process.kill(await shell.message<number>('pid'), signal);
        await shell.ended;
        expect(shell.told('status')).to.deep.equal([code]);
        expectDelivered(shell, 2);
      });
    }

    const refusal = whyNoPidNamespace();
    const asPid1 = 'delivers everything as pid 1, then ends with exit code 143';
    if (refusal !== undefined) {
      it(`${asPid1} (not run: ${refusal})`);
    } else {
      it(asPid1, async () => {
        const namespace = ['--pid', '--fork', '--kill-child', process.execPath];
        const unshare = new Child('unshare', [...namespace, ...nodeArguments('service')]);
        expect(await unshare.message('pid')).to.equal(1);
        process.kill(await unshare.onlyChild(), 'SIGTERM');
        expect(await unshare.ended).to.deep.equal({ code: 143, signal: null });
        expectDelivered(unshare, 2);
      });
    }

    for (const second of ['SIGTERM', 'SIGINT'] as const) {
      it(`is not cut short by a ${second} while SIGTERM shuts down`, async () => {
        const child = start('service', { processor: { batchSize: 10, maxConcurrentRequests: 1 } });
        await child.message('uuids');
        const release = endpoint.hold();
        child.signal('SIGTERM');
        await child.message('shuttingDown');
        child.signal(second);
        await child.handledSignals();
        expect(child.ending).to.equal(undefined);
        release();
        expect((await child.ended).signal).to.be.oneOf(['SIGTERM', second]);
        expectDelivered(child, 2);
      });
    }

    it('ends the process beside signal-exit, which leaves that to others as we do', async () => {
      const child = start('service-with-signal-exit');
      await child.message('uuids');
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
      expect(child.told('onExit')).to.deep.equal(['SIGTERM']);
      expectDelivered(child);
    });

    for (const late of [false, true]) {
      for (const method of ['on', 'once']) {
        const where = `a host's handler, set with ${method}() ${late ? 'after' : 'before'} ours,`;

        it(`delivers everything while ${where} closes the rest and sets the exit code`, async () => {
          const child = start('service-with-handler', { handler: 'closes', method, late });
          await child.message('uuids');
          const release = endpoint.hold();
          child.signal('SIGTERM');
          await child.message('handler');
          await endpoint.requested(1);
          release();
          expect(await child.ended).to.deep.equal({ code: 7, signal: null });
          expect(child.told('handler')).to.have.length(1);
          expectDelivered(child);
        });
      }

      it(`delivers everything before a handler set ${late ? 'after' : 'before'} ours shuts down too and exits`, async () => {
        const processor = { batchSize: 10, maxConcurrentRequests: 1 };
        const child = start('service-with-handler', { handler: 'exits', method: 'on', late, processor });
        await child.message('uuids');
        const release = endpoint.hold();
        child.signal('SIGTERM');
        await child.message('handler');
        await child.handledSignals();
        release();
        expect(await child.ended).to.deep.equal({ code: 7, signal: null });
        expect(child.told('handler')).to.have.length(1);
        expectDelivered(child);
      });
    }

    it('shuts down all targets of both module formats, whatever some of them do', async () => {
      const child = start('service-with-targets');
      expect(await child.message('listeners')).to.equal(1);
      expect(child.told('copies')).to.deep.equal([2]);
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
      expectDelivered(child, 3);
    });

    it("tells a target's failure to the logger that was given with it, else to stderr", async () => {
      const child = start('service-with-targets');
      await child.message('listeners');
      child.signal('SIGTERM');
      await child.ended;
      expect(child.stderr).to.match(
        /^opentelemetry-exporter-optimizely: shutdown at SIGTERM failed: .*RangeError/m,
      );
      expect(child.told<string>('error').join('\n')).to.match(/shutdown at SIGTERM failed: .*TypeError/);
    });

    for (const [target, name] of [
      ['SDK', 'NodeSDK'],
      ['wrapped', 'target'],
    ] as const) {
      it(`does not call it a failure of its own that no collector was there: ${target}`, async () => {
        const child = start('service-without-collector', { target });
        await child.message('uuids');
        child.signal('SIGTERM');
        expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
        expectDelivered(child);
        const [line = '', ...more] = child.stderr.trim().split('\n');
        expect(more).to.deep.equal([]);
        expect(line).to.match(
          new RegExp(
            `^opentelemetry-exporter-optimizely: at SIGTERM, the application's ${name}\\.shutdown\\(\\) failed with Error ECONNREFUSED; `,
          ),
        );
        expect(line).not.to.include('shutdown at SIGTERM failed');
      });
    }

    it('shuts down all targets though a logger throws', async () => {
      const child = start('service-with-targets', { throwingLogger: true });
      await child.message('listeners');
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
      expectDelivered(child, 3);
    });

    it('lets SIGTERM end the process though the endpoint hangs, and says what is lost', async () => {
      endpoint.hold();
      const child = start('service', { processor: { timeoutIntervalMillis: 200 } });
      await child.message('uuids');
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
      expect(child.told<string>('error').join('\n')).to.include(`events undelivered: ${2 * RECORDED}`);
    });

    it('does nothing in a worker thread but say so, and serves the main thread', async () => {
      const child = start('service-with-worker');
      const worker = await child.message<{ uuids: string[]; ledger: LedgerSnapshot }>('worker');
      expect(child.told<string>('warn').filter(line => line.includes('worker'))).to.have.length(1);
      expect(worker.ledger).to.deep.include({ recorded: RECORDED, delivered: RECORDED, pending: 0 });
      expect(endpoint.uuids).to.have.members(worker.uuids);
      child.signal('SIGTERM');
      expect(await child.ended).to.deep.equal({ code: null, signal: 'SIGTERM' });
      expect(endpoint.uuids).to.have.members([...worker.uuids, ...child.told<string[]>('uuids').flat()]);
      expect(endpoint.uuids).to.have.length(2 * RECORDED);
    });

    it('is undone by what it returns, and is the only thing that listens to signals', async () => {
      const events = ['SIGTERM', 'SIGINT', 'SIGHUP', 'beforeExit', 'exit'] as const;
      const listening = () => events.map(event => process.listenerCount(event));
      const before = listening();
      await using processor = new OptimizelySpanProcessor({ datafile: makeDatafile() });
      expect(listening()).to.deep.equal(before);
      const undos = [shutdownOnSignals(processor), shutdownOnSignals({ shutdown: async () => {} })];
      const [sigterm = 0, sigint = 0, ...others] = before;
      expect(listening()).to.deep.equal([sigterm + 1, sigint + 1, ...others]);
      for (const undo of undos) undo();
      expect(listening()).to.deep.equal(before);
    });

    it('throws where there is nothing to shut down', () => {
      expect(() => shutdownOnSignals({} as never)).to.throw(TypeError, 'shutdownOnSignals(sdk)');
    });

    it('throws where signals are no signals, and listens to none of them then', () => {
      const target = { shutdown: async () => {} };
      const before = process.listenerCount('SIGTERM');
      for (const signals of ['SIGTERM', ['SIGTERM', 'TERM'], ['SIGTERM', 'SIGKILL'], [15]]) {
        expect(() => shutdownOnSignals(target, { signals: signals as never })).to.throw(
          TypeError,
          "signals must be a list of signals that can be caught: { signals: ['SIGTERM'] }",
        );
      }
      expect(process.listenerCount('SIGTERM')).to.equal(before);
    });
  });

  describe('a script that just ends', () => {
    it('loses nothing with flushOnBeforeExit, though the first answer is a 503', async () => {
      endpoint.answer = request => ({ status: request === 1 ? 503 : 204 });
      const child = start('script', { processor: { flushOnBeforeExit: true, batchSize: 20 } });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expectDelivered(child);
    });

    for (const late of ['at once', 'in a turn of its own']) {
      it(`loses nothing with flushOnBeforeExit of what a listener behind it records ${late}`, async () => {
        const child = start('script', { late, processor: { flushOnBeforeExit: true } });
        expect(await child.ended).to.deep.equal({ code: 0, signal: null });
        expectDelivered(child);
      });
    }

    it('loses nothing with batchSize 1: requests in flight keep it up, and those that wait for them', async () => {
      const child = start('script', { processor: { batchSize: 1, maxBatchSize: 1 } });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expectDelivered(child);
      expect(endpoint.requests).to.equal(RECORDED);
    });

    it('is not delayed without flushOnBeforeExit', async () => {
      const child = start('script');
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(await child.message<LedgerSnapshot>('ledger')).to.deep.include({
        pending: RECORDED,
        delivered: 0,
      });
      expect(endpoint.requests).to.equal(0);
    });

    for (const early of [false, true]) {
      const first = early ? ', beside those from before' : '';
      it(`tells of events that are recorded while it exits, once${first}`, async () => {
        const child = start('script', { late: 'at exit', early });
        expect(await child.ended).to.deep.equal({ code: 0, signal: null });
        const lines = child.stderr
          .split('\n')
          .filter(line => line.includes('OPTIMIZELY_EVENTS_LOST_AT_EXIT'));
        expect(lines).to.have.length(early ? 2 : 1);
        expect(lines.at(-1)).to.include('lost, since they were recorded while the process was ending');
        if (early) expect(lines[0]).to.include(`before they were delivered: ${RECORDED}`);
      });
    }

    it('flushes once with flushOnBeforeExit and a dead endpoint, and still ends', async () => {
      const processor = { flushOnBeforeExit: true, timeoutIntervalMillis: 300 };
      await endpoint.close();
      const child = start('script', { processor });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(await child.message<LedgerSnapshot>('ledger')).to.deep.include({ pending: RECORDED });
      expect(child.told<string>('warn').filter(line => line.includes('forceFlush'))).to.have.length(1);
    });
  });

  describe('an idle processor that nobody shut down', () => {
    it('does not hold the process by its open connection', async () => {
      const child = start('script', { awaits: ['forceFlush'], waits: true });
      await child.message('settled');
      expect(endpoint.connections).to.have.property('size', 1);
      child.ping();
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expectDelivered(child);
    });

    it('does not hold the process for a retry', async () => {
      endpoint.answer = () => ({ status: 503, headers: { 'retry-after': '300' } });
      const child = start('script', { processor: { batchSize: RECORDED } });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(await child.message<LedgerSnapshot>('ledger')).to.deep.include({ pending: RECORDED });
      expect(child.told<string>('warn').filter(line => line.includes('status 503'))).to.have.length(1);
      expect(endpoint.requests).to.equal(1);
    });
  });

  describe('a promise that somebody awaits', () => {
    it('settles: forceFlush() with a hung dispatcher and an otherwise empty event loop', async () => {
      const processor = { timeoutIntervalMillis: 200 };
      const child = start('script', { awaits: ['forceFlush'], dispatcher: 'hung', processor });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(child.told('settled')).to.deep.equal(['forceFlush']);
      expect(await child.message<LedgerSnapshot>('ledger')).to.deep.include({
        pending: RECORDED,
        dropped: {},
      });
    });

    it('settles: forceFlush() with a hanging endpoint, whose request ends at its deadline', async () => {
      endpoint.hold();
      const processor = { timeoutIntervalMillis: 200, requestTimeoutMillis: 400 };
      const child = start('script', { awaits: ['forceFlush'], processor });
      expect(await child.ended).to.deep.equal({ code: 0, signal: null });
      expect(child.told('settled')).to.deep.equal(['forceFlush']);
      expect(endpoint.requests).to.equal(1);
      expect(await child.message<LedgerSnapshot>('ledger')).to.deep.include({
        pending: RECORDED,
        dropped: {},
      });
    });

    for (const { hung, dispatcher } of [
      { hung: 'a hung dispatcher', dispatcher: 'hung' },
      { hung: 'a hanging endpoint, whose request it ends', dispatcher: undefined },
      { hung: "a hanging endpoint behind the application's own dispatcher", dispatcher: 'given' },
    ]) {
      it(`settles: shutdown() with ${hung}, counting what was left`, async () => {
        endpoint.hold();
        const processor = { timeoutIntervalMillis: 200, requestTimeoutMillis: 600_000 };
        const child = start('script', { awaits: ['shutdown'], dispatcher, processor });
        expect(await child.ended).to.deep.equal({ code: 0, signal: null });
        expect(child.told('settled')).to.deep.equal(['shutdown']);
        const { dropped, pending } = await child.message<LedgerSnapshot>('ledger');
        expect({ dropped, pending }).to.deep.equal({ dropped: { shutdown_timeout: RECORDED }, pending: 0 });
      });
    }

    it('delivers at the end of the block with await using', async () => {
      const recorded: (string | undefined)[] = [];
      {
        await using processor = new OptimizelySpanProcessor({
          datafile: makeDatafile(),
          endpoint: endpoint.url,
          flushIntervalMillis: 600_000,
        });
        recorded.push(processor.recordConversion({ userId: 'visitor', eventKey: 'purchase' }));
        expect(endpoint.requests).to.equal(0);
      }
      expect(endpoint.uuids).to.deep.equal(recorded).and.have.length(1);
    });
  });
});

/** undefined: pid namespaces can be made here. */
function whyNoPidNamespace(): string | undefined {
  const { status, error, stderr } = spawnSync('unshare', ['--pid', '--fork', '--kill-child', 'true'], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return `no pid namespace: ${error?.message ?? stderr.trim().replaceAll('\n', ' ')}`;
}
