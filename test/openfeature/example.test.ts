// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT_MILLIS = 45_000;

describe('npm run example:openfeature', function () {
  this.timeout(LIMIT_MILLIS + 15_000);

  it('shows one impression a visitor, the conversions, and no problem', async () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
      scripts: Record<string, string>;
    };
    const script = 'examples/openfeature/example.ts';
    expect(scripts['example:openfeature']).to.equal(`tsx ${script}`);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
      cwd: ROOT,
      timeout: LIMIT_MILLIS,
    });
    const figures = (pattern: RegExp) =>
      [...stdout.matchAll(pattern)].map(([, ...groups]) => groups.map(Number));
    expect(figures(/impressions received (\d+), evaluations that added nothing (\d+)/g)).to.deep.equal([
      [40, 80],
    ]);
    expect(figures(/conversions received (\d+)/g)).to.deep.equal([[14]]);
    expect(figures(/problems found (\d+)/g), stdout).to.deep.equal([[0]]);
    const arms = figures(/(\d+) visitors, (\d+) bought/g);
    expect(arms).to.have.length(2);
    for (const [shown, bought] of arms) {
      expect(shown).to.be.above(0);
      expect(bought).to.be.above(0);
    }
    expect(arms.reduce((sum, [shown = 0]) => sum + shown, 0)).to.equal(40);
    expect(arms.reduce((sum, [, bought = 0]) => sum + bought, 0)).to.equal(14);
  });
});
