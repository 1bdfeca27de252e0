// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { ROOT, type Run, runScript, scriptOf } from './support/run-example.js';
import { patience } from './support/slowness.cjs';

const LIMIT_MILLIS = patience(8_000);

/** What each example's output must have; the example itself says what is not as it should be, by its exit code. */
const essentials: Record<string, readonly RegExp[]> = {
  serverless: [
    /0 pending when answered, 0 when frozen/,
    /1 pending when answered, 0 when frozen/,
    /killed while frozen: recorded 6 \+ recovered 0 = delivered 6 \+ stored 0 \+ pending 0/,
    /exit code 0, after 3 requests/,
    /pending 3 .*when the script is done\n.* delivered 3 .*when the process ends/,
    /exit code 0, after 1 requests/,
  ],
  cluster: [
    /worker 2 recorded \d+, delivered none/,
    /worker 4 recorded \d+, delivered \d+ of worker 2 and \d+ of its own/,
    /thread 2 recorded \d+, delivered none/,
    /thread 4 recorded \d+, delivered \d+ of thread 2 and \d+ of its own/,
  ],
  'custom-dispatcher': [
    /the gateway answered 503, 204, 204; 3 events arrived/,
    /recorded 4 \+ recovered 0 = delivered 3 .* dropped before_send 1/,
  ],
  gateway: [
    /sent 200 log records in 4 requests/,
    /sent 200 span events/,
    /Arrived: 200 impressions and 200 conversions in \d batches/,
    /would not count 0 of them/,
  ],
  'webhook-datafile': [
    /no datafile yet: 3 events are held/,
    /answered 401, 413, 400/,
    /sent: 4 of revision 42 by revision; 1 of revision 43 by shutdown/,
    /recorded 5 \+ recovered 0 = delivered 5 \+ stored 0 \+ pending 0 \+ dropped 0/,
  ],
};

/** These have a test file of their own. */
const testedElsewhere: Record<string, string> = {
  'node-sdk': 'demo.test.ts',
  logs: 'logs/example.test.ts',
  openfeature: 'openfeature/example.test.ts',
  'official-sdk': 'example-official-sdk.test.ts',
};

/** Sections of docs/process-end.md that show code of an example. */
const shownIn: Record<string, string> = {
  'Serverless and short-lived processes': 'serverless',
  'Several processes and threads': 'cluster',
};

describe('examples', function () {
  this.timeout(2 * LIMIT_MILLIS);

  const folders = readdirSync(`${ROOT}/examples`, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name);

  it('each has a test', () => {
    expect([...Object.keys(essentials), ...Object.keys(testedElsewhere)]).to.have.members(folders);
  });

  it('each has a line in their README, and one command', async () => {
    const readme = await readFile(`${ROOT}/examples/README.md`, 'utf8');
    for (const folder of folders) {
      expect(readme).to.include(`npm run example:${folder}`);
      expect(scriptOf(`example:${folder}`)).to.match(new RegExp(`^examples/${folder}/`));
    }
  });

  it('the demo is one of them', () => {
    expect(scriptOf('demo')).to.equal(scriptOf('example:node-sdk'));
    expect(scriptOf('demo:gateway')).to.equal(scriptOf('example:gateway'));
  });

  for (const [heading, folder] of Object.entries(shownIn)) {
    it(`${folder}: the code of "${heading}" is in it`, async () => {
      const page = await readFile(`${ROOT}/docs/process-end.md`, 'utf8');
      const section = page.split('\n## ').find(text => text.startsWith(`${heading}\n`)) ?? '';
      const shown = [...section.matchAll(/```ts excerpt\n(.*?)```/gs)].flatMap(([, code = '']) =>
        linesOf(code),
      );
      const files = readdirSync(`${ROOT}/examples/${folder}`).map(
        file => `${ROOT}/examples/${folder}/${file}`,
      );
      const lines = linesOf((await Promise.all(files.map(file => readFile(file, 'utf8')))).join('\n'));
      expect(shown).to.not.have.length(0);
      expect(lines).to.include.members(shown);
    });
  }

  for (const [name, patterns] of Object.entries(essentials)) {
    it(`npm run example:${name}`, async () => {
      const run = await runScript(scriptOf(`example:${name}`), LIMIT_MILLIS);
      expectAsItShouldBe(run);
      for (const pattern of patterns) expect(run.out).to.match(pattern);
    });
  }
});

function expectAsItShouldBe({ code, out, err }: Run): void {
  expect(code, out + err).to.equal(0);
  expect(out).to.not.include('NOT AS IT SHOULD BE');
}

/** Without comments. */
function linesOf(code: string): string[] {
  return code
    .split('\n')
    .map(line => line.replace(/(^|\s)\/\/ .*/, '').trim())
    .filter(line => line !== '');
}
