// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command } from '../../../test/support/command.js';
import { OfficialSdk } from '../../../test/support/official-sdk.js';
import type { Overview } from '../src/view/types.js';
import { endCommands, run, startInspect } from './command.js';

const MODULES = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
const SAMPLE = new URL('../sample/', import.meta.url);

const overviewOf = async (url: string) => (await (await fetch(`${url}api/overview`)).json()) as Overview;
const textOf = async (url: string | URL) => {
  const response = await fetch(url);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
};

describe('inspect --sample', () => {
  let folder: string;
  before(async () => {
    // Where the packages are found by name, as in the folder of a reader.
    folder = await mkdtemp(join(MODULES, '.sample-'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(endCommands);

  it('serves a datafile and a program; the program, saved and run, sends events that all count', async () => {
    const { command, url } = await startInspect(['--sample']);
    const address = await command.says(/^Program +(http\S+)/m);
    expect(address).to.equal(`${url}sample.mjs`);
    await writeFile(join(folder, 'sample.mjs'), (await textOf(address)).text);
    const program = new Command(join(folder, 'sample.mjs'), []);
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/recorded: 30,[\s\S]*delivered: 30,/);
    const { impressions, conversions, lost, warned, experiments } = await overviewOf(url);
    expect({ impressions, conversions, lost, warned }).to.deep.equal({
      impressions: 20,
      conversions: 10,
      lost: 0,
      warned: 0,
    });
    const [checkout] = experiments;
    expect(checkout?.key).to.equal('checkout_flow_test');
    expect(checkout?.metrics[0]?.rates.map(({ converted }) => converted)).to.deep.equal([5, 5]);
  });

  it('serves the datafile under the path of the CDN, also without a page', async () => {
    const expected = await readFile(new URL('sample.json', SAMPLE), 'utf8');
    for (const args of [['--sample'], ['--sample', '--no-page']]) {
      const { command, url } = await startInspect(args);
      const address = await command.says(/^Datafile +(http\S+)/m);
      expect(address).to.equal(`${url}datafiles/sample.json`);
      const { type, text } = await textOf(address);
      expect({ type, text }).to.deep.equal({ type: 'application/json; charset=utf-8', text: expected });
      expect((await fetch(`${url}sample.mjs`, { method: 'POST' })).ok).to.equal(false);
    }
  });

  it('checks events against that datafile', async () => {
    const { url } = await startInspect(['--sample']);
    expect((await overviewOf(url)).datafile).to.deep.include({ state: 'in force', source: 'sample.json' });
  });

  it('serves neither if it is not asked for', async () => {
    const { url } = await startInspect([]);
    for (const path of ['sample.mjs', 'datafiles/sample.json']) {
      expect(await textOf(`${url}${path}`), path).to.include({ status: 404 });
    }
    expect(await overviewOf(url)).not.to.have.property('sampleProgram');
  });

  it("has a datafile that Optimizely's own SDK decides with", async () => {
    const sdk = new OfficialSdk(JSON.parse(await readFile(new URL('sample.json', SAMPLE), 'utf8')));
    const { result } = sdk.activate({ id: 'visitor-1' }, 'hero_banner');
    expect(result).to.be.oneOf(['mountains', 'beach']);
  });

  for (const [args, message] of [
    [['--datafile', 'a'], '--datafile and --sample exclude each other'],
    [['--sdk-key', 'b'], '--sdk-key and --sample exclude each other'],
    [['--forward'], '--sample and --forward exclude each other'],
  ] as const) {
    it(`with ${args[0]} ends with 2 and says so`, async () => {
      const { code, stderr } = await run(['--sample', '--port', '0', ...args]);
      expect(code).to.equal(2);
      expect(stderr).to.contain(message);
    });
  }
});
