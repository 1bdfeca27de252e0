// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { expect } from 'chai';
import { CASES } from './end-of-the-stack/cases.js';
import type { Measured } from './end-of-the-stack/measure.js';
import { Child, killLeftovers } from './support/child.js';

describe("a call where the application's stack ends", () => {
  let child: Child;

  // In a process of its own: code that V8 has optimized takes as much of the stack at once as all that it calls, so that
  // what is measured would depend on the tests that ran before.
  before(() => {
    const script = join(import.meta.dirname, 'end-of-the-stack/measure.ts');
    child = new Child(process.execPath, ['--no-opt', '--import', 'tsx', script]);
  });

  after(killLeftovers);

  for (const [name, one] of Object.entries(CASES)) {
    it(`does not throw if it had room to begin, and each of its events is counted once: ${name}`, async () => {
      const { calls, delivered, dropped, ...wrong } = await child.message<Measured>(name);
      expect(wrong).to.deep.equal({ thrown: 0, uncounted: 0, unbalanced: 0, pending: 0, sentTwice: 0 });
      // A stack that ends within JSON.stringify is not told from tags that nest too deep.
      expect(['interrupted', 'invalid', one.drops]).to.include.members(Object.keys(dropped));
      expect(calls).to.be.above(0);
      expect(delivered + (dropped.invalid ?? 0)).to.be.above(0);
    });
  }

  it('ends no process', async () => {
    expect(await child.ended).to.deep.equal({ code: 0, signal: null });
    expect(child.stderr).to.equal('');
  });
});
