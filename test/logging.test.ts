// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { OptimizelySpanProcessor, StaticProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { Child, killLeftovers } from './support/child.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

interface Warning {
  name: string;
  code: string;
  message: string;
}

const SCRIPT = fileURLToPath(new URL('./logging/script.mjs', import.meta.url));

/** What a process says in which something happens three times. */
async function run(wanted: Record<string, unknown>) {
  const child = new Child(process.execPath, [
    SCRIPT,
    JSON.stringify({ processor: { datafile: makeDatafile() }, ...wanted }),
  ]);
  expect(await child.ended, child.stderr).to.deep.equal({ code: 0, signal: null });
  expect(child.told('alive')).to.deep.equal([true]);
  return { warnings: child.told<Warning>('warning'), lines: child.told<string>('line'), child };
}

describe('what a person must know', () => {
  afterEach(killLeftovers);

  for (const { happens, code, says } of [
    { happens: 'a bad datafile', code: 'OPTIMIZELY_BAD_DATAFILE', says: 'not valid JSON' },
    { happens: 'a bad datafile of a manager', code: 'OPTIMIZELY_BAD_DATAFILE', says: 'not valid JSON' },
    {
      happens: 'an event store that cannot be written',
      code: 'OPTIMIZELY_STORE_UNUSABLE',
      says: '/dev/null/below (Error ENOTDIR)',
    },
    { happens: 'an event without a processor', code: 'OPTIMIZELY_NO_PROCESSOR', says: 'is installed' },
    { happens: 'a late event', code: 'OPTIMIZELY_NO_PROCESSOR', says: 'was shut down' },
  ]) {
    it(`is said once by the process where neither logger nor diag hears it: ${happens}`, async () => {
      const { warnings, child } = await run({ happens });
      expect(warnings.map(({ name, code }) => ({ name, code }))).to.deep.equal([
        { name: 'OptimizelyWarning', code },
      ]);
      expect(warnings[0]?.message).to.include(says).and.not.include('visitor');
      expect(child.stderr).to.include(`[${code}] OptimizelyWarning: opentelemetry-exporter-optimizely: `);
    });
  }

  it('is left to a diag logger', async () => {
    const { warnings, lines } = await run({ happens: 'an event without a processor', diag: 'works' });
    expect(warnings).to.deep.equal([]);
    expect(lines).to.deep.equal(['opentelemetry-exporter-optimizely']);
  });

  it('is left to a logger option', async () => {
    const { warnings, lines } = await run({ happens: 'a bad datafile', logger: 'works' });
    expect(warnings).to.deep.equal([]);
    expect(lines.filter(line => line.includes('not valid JSON'))).to.have.length(3);
  });
});

describe('a datafile that does not come', () => {
  function makeHarness() {
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const projectConfigManager = new StaticProjectConfigManager({ logger });
    const eventDispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({ projectConfigManager, eventDispatcher, logger, runtime });
    return { runtime, logger, projectConfigManager, processor };
  }

  it('is said to be missing after half a minute, once, and keeps nothing alive', async () => {
    const { runtime, logger, processor } = makeHarness();
    expect(runtime.referenced).to.equal(0);
    await runtime.advance(29_999);
    expect(logger.lines).to.deep.equal([]);
    await runtime.advance(1);
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.match(/^no datafile after 30 seconds/);
    await runtime.advance(3_600_000);
    expect(logger.lines).to.have.length(1);
    await processor.shutdown();
  });

  it('is not missed where it comes in time, nor after shutdown', async () => {
    for (const end of ['datafile', 'shutdown'] as const) {
      const { runtime, logger, processor, projectConfigManager } = makeHarness();
      await runtime.advance(29_000);
      if (end === 'datafile') projectConfigManager.setDatafile(makeDatafile());
      else await processor.shutdown();
      await runtime.advance(60_000);
      expect(logger.lines).to.deep.equal([]);
      await processor.shutdown();
      expect(runtime.armed).to.equal(0);
    }
  });
});

describe('a logger of the application', () => {
  afterEach(killLeftovers);

  for (const logger of [
    'throws',
    'rejects',
    'gives a thenable that rejects',
    'gives an object that cannot be read',
    'cannot be read',
  ]) {
    for (const where of ['logger', 'diag']) {
      if (where === 'diag' && logger === 'cannot be read') continue;
      it(`harms nothing though it ${logger}, and the process says what it would have (${where})`, async () => {
        const { warnings } = await run({ happens: 'a bad datafile', [where]: logger });
        expect(warnings.map(({ code }) => code)).to.include('OPTIMIZELY_BAD_DATAFILE');
      });
    }
  }

  it('harms nothing though it never answers', async () => {
    const { warnings } = await run({ happens: 'a bad datafile', logger: 'never answers' });
    expect(warnings).to.deep.equal([]);
  });

  it('may cause what it is told of, without end', () => {
    let lines = 0;
    const say = () => {
      lines++;
      manager.setDatafile('{');
      manager.setDatafile('[');
    };
    const manager = new StaticProjectConfigManager({
      logger: { error: say, warn: say, info: say, debug: say },
    });
    expect(manager.setDatafile('{')).to.equal(false);
    expect(lines).to.be.within(1, 100);
    const before = lines;
    expect(manager.setDatafile(JSON.stringify(makeDatafile()))).to.equal(true);
    expect(manager.setDatafile('{')).to.equal(false);
    expect(lines, 'it is told of the next one').to.be.above(before);
  });
});
