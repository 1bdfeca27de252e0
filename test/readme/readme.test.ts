// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeBlocks, ROOT, readPage } from '../docs/markdown.js';
import { patience } from '../support/slowness.cjs';
import { checkService } from './checks.js';
import { FILES, FORMATS, writeFiles } from './formats.js';
import { commandLines, pastedFile, pastedFiles } from './pasted.js';
import { endPrograms } from './program.js';
import { checksOf } from './services.js';

describe('the README', function () {
  this.timeout(patience(30_000));
  let folder: string;
  before(() => {
    // Where the packages are found by name, as in the folder of a reader.
    folder = mkdtempSync(join(ROOT, 'node_modules/.readme-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(endPrograms);

  for (const format of FORMATS) {
    describe(`its programs, ${format}`, () => {
      const cwd = () => join(folder, format);
      before(() => writeFiles(cwd(), format));

      for (const { name, run } of checksOf(format)) {
        it(`${name} runs, and every event that it records counts`, () => run({ cwd: cwd() }));
      }
    });
  }

  it('has 200 lines at most', () => {
    expect(readPage('README.md').trimEnd().split('\n')).to.have.length.at.most(200);
  });

  it('has only links that also lead somewhere in the installed package', () => {
    const packed = packedFiles('.');
    expect(packed).to.include('docs/options.md');
    expect(linksOf('README.md').filter(link => !packed.has(link.split('#')[0] ?? ''))).to.deep.equal([]);
    expect(linksOf('packages/inspector/README.md')).to.deep.equal([]);
  });

  it('points server.mjs at the inspector by the variable that it names, and nothing reaches Optimizely', async () => {
    const cwd = join(folder, 'pointed');
    await writeFiles(cwd, 'pasted');
    const [, name = '', value = ''] = /^export (\w+)=(\S+)$/m.exec(commandLines().join('\n')) ?? [];
    const service = { path: '/', records: ['impression', 'conversion'] } as const;
    const args = ['--import', './instrumentation.mjs', 'server.mjs'];
    await checkService({ ...service, args, eventHost: '127.0.0.1:4319' }, { cwd, env: { [name]: value } });
  });

  it('says how server.mjs is started, as the tests start it', () => {
    const [first] = pastedFile('server.mjs').split('\n');
    const command = 'OPTIMIZELY_SDK_KEY=YOUR_SDK_KEY node --import ./instrumentation.mjs server.mjs';
    expect(first).to.equal(`// server.mjs: ${command}`);
  });

  it('has no code and no command that no test runs', () => {
    const inMatrix = ['src/main.ts', 'instrumentation.ts'];
    expect([...pastedFiles().keys()]).to.have.members([...FILES, ...inMatrix]);
    const others = codeBlocks('README.md').filter(
      block => ![...pastedFiles().values()].some(({ line }) => line === block.line),
    );
    expect(
      others.map(({ language }) => language).filter(language => !['sh', 'text'].includes(language)),
    ).to.deep.equal([]);
    const commands = commandLines().filter(line => !line.startsWith('npm install '));
    expect(commands).to.deep.equal([
      'npx optimizely-event-inspector --sample',
      'npx optimizely-event-inspector --sdk-key YOUR_SDK_KEY',
      'export OPTIMIZELY_EVENTS_ENDPOINT=http://127.0.0.1:4319/v1/events',
      'npm ci && npm run demo',
      'npm ci && npm test',
    ]);
  });

  it('has the program that the inspector serves', () => {
    const served = readFileSync(join(ROOT, 'packages/inspector/sample/sample.mjs'), 'utf8');
    expect(pastedFile('sample.mjs')).to.equal(served);
  });
});

/** Links and pictures that are no addresses and no headings of the page itself. */
function linksOf(page: string): string[] {
  const links = [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter(link => !/^(#|[a-z]+:)/.test(link));
}

function packedFiles(folder: string): Set<string> {
  const args = ['pack', folder, '--dry-run', '--json', '--ignore-scripts'];
  const [{ files }] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }));
  return new Set((files as { path: string }[]).map(({ path }) => path));
}
