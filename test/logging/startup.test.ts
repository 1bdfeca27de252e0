// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Child, killLeftovers } from '../support/child.js';
import { makeDatafile } from '../support/datafile.js';

interface Line {
  readonly line: string;
  readonly level: string;
  readonly to?: string;
}

const SCRIPT = fileURLToPath(new URL('./startup.mjs', import.meta.url));
const UNKNOWN = 'OptimizelySpanProcessor ignores options that it does not have: nonsuch';
const FALLBACK = 'batchSize must be a positive whole number; the default 10 is used instead';
const VARIABLE = 'OPTIMIZELY_EVENTS_ENDPOINT must be an http or https URL';

describe('what a constructor has to say', () => {
  afterEach(killLeftovers);

  /** Constructs a processor with three mistakes, each said at a level of its own. */
  async function run(way: string) {
    const processor = { datafile: makeDatafile(), nonsuch: 1, batchSize: -1 };
    const child = new Child(process.execPath, [SCRIPT, JSON.stringify({ way, processor })], {
      OTEL_LOG_LEVEL: 'debug',
      OTEL_TRACES_EXPORTER: 'none',
      OPTIMIZELY_EVENTS_ENDPOINT: 'nonsense',
    });
    expect((await child.ended).code, child.stderr).to.equal(0);
    expect(child.told('alive')).to.deep.equal([true]);
    const lines = child.messages as unknown as Line[];
    /** At which level, and to which logger, something was said. */
    const heard = (text: string) =>
      lines
        .filter(({ line }) => line?.includes(text))
        .map(({ level, to }) => (to ? `${level} ${to}` : level));
    const warnings = child.told<{ code: string; message: string }>('warning');
    return { heard, warnings, child };
  }

  const warned = [
    { code: 'OPTIMIZELY_BAD_OPTION', says: UNKNOWN },
    { code: 'OPTIMIZELY_BAD_OPTION', says: FALLBACK },
    { code: 'OPTIMIZELY_BAD_ENDPOINT', says: VARIABLE },
  ];
  function expectWarned(warnings: readonly { code: string; message: string }[]): void {
    for (const { code, says } of warned) {
      const found = warnings.filter(warning => warning.message.includes(says));
      expect(
        found.map(warning => warning.code),
        says,
      ).to.deep.equal([code]);
    }
  }

  it('reaches the logger that NodeSDK sets after its processors were made, once, and warns nobody', async () => {
    const { heard, warnings } = await run('NodeSDK sets a logger');
    expect([heard(UNKNOWN), heard(FALLBACK), heard(VARIABLE)]).to.deep.equal([
      ['stderr'],
      ['stdout'],
      ['stderr'],
    ]);
    expect(warnings).to.deep.equal([]);
  });

  for (const way of [
    'the next statement sets a logger',
    'the option logger is diag, set later',
    'the option logger is one of diag, set later',
  ]) {
    it(`reaches a logger that comes in time, once: ${way}`, async () => {
      const { heard, warnings } = await run(way);
      expect([heard(UNKNOWN), heard(FALLBACK), heard(VARIABLE)]).to.deep.equal([
        ['warn first'],
        ['info first'],
        ['error first'],
      ]);
      expect(warnings).to.deep.equal([]);
    });
  }

  for (const way of ['a logger is set before the first event', 'a logger is set after an event']) {
    it(`is said by the process, and again to the first logger that comes: ${way}`, async () => {
      const { heard, warnings } = await run(way);
      expect([heard(UNKNOWN), heard(FALLBACK), heard(VARIABLE)]).to.deep.equal([
        ['warn first'],
        ['info first'],
        ['error first'],
      ]);
      expectWarned(warnings);
    });
  }

  it('is not said again to a logger that replaces the one that heard it', async () => {
    const { heard, warnings } = await run('a logger is set before');
    expect([heard(UNKNOWN), heard(FALLBACK), heard(VARIABLE)]).to.deep.equal([
      ['warn first'],
      ['info first'],
      ['error first'],
    ]);
    expect(warnings).to.deep.equal([]);
  });

  it('is said by the process where the logger that comes throws', async () => {
    const { warnings } = await run('the logger that is set throws');
    expectWarned(warnings);
  });

  for (const way of ['no logger is set', 'no logger is set, and an event is recorded at once']) {
    it(`is on stderr, each mistake of it: ${way}`, async () => {
      const { warnings, child } = await run(way);
      expectWarned(warnings);
      for (const { code, says } of warned)
        expect(child.stderr).to.include(`[${code}] OptimizelyWarning`).and.include(says);
    });
  }
});
