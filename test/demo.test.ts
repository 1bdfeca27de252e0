// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { type Run, runScript, scriptOf } from './support/run-example.js';
import { patience } from './support/slowness.cjs';

const LIMIT_MILLIS = patience(6_000);

describe('npm run demo', function () {
  this.timeout(2 * LIMIT_MILLIS);
  let run: Run;

  before(async () => {
    run = await runScript(scriptOf('demo'), LIMIT_MILLIS);
  });

  it('ends with exit code 0', () => {
    expect(run.code, run.out + run.err).to.equal(0);
  });

  it('loses nothing, sends nothing twice, and finds no problem', () => {
    expect(figure(/recorded (\d+)/)).to.be.above(300);
    expect(figure(/received (\d+):/)).to.equal(figure(/recorded (\d+)/));
    expect(figure(/lost (\d+)/)).to.equal(0);
    expect(figure(/twice (\d+)/)).to.equal(0);
    expect(figure(/problems found (\d+)/)).to.equal(0);
  });

  for (const cause of ['size', 'age', 'revision', 'flush', 'shutdown']) {
    it(`closes a batch by ${cause}`, () => {
      expect(figure(new RegExp(`^ +${cause} +(\\d+) `, 'm'))).to.be.above(0);
    });
  }

  it('shows each variation of both experiments', () => {
    for (const variation of ['beach', 'mountains', 'one_page', 'three_steps']) {
      expect(figure(new RegExp(`^ +${variation} +(\\d+) `, 'm')), variation).to.be.above(0);
    }
  });

  it('stops the shop with SIGTERM', () => {
    expect(run.out).to.include('the shop ended by SIGTERM');
  });

  it('prints a trace with its experiment events and no visitor id', () => {
    expect(run.out).to.match(/GET \/checkout, server span, .*\n +event optimizely\.impression\n/);
    expect(run.out).to.match(/POST \/purchase, server span, .*\n +event optimizely\.conversion\n/);
    expect(run.out).to.match(/visitor ids in [1-9]\d* spans: 0\n/);
  });

  it('shows its progress', () => {
    expect(run.out.match(/\d+ of 300 visitors have left/g)).to.have.length(10);
  });

  function figure(pattern: RegExp): number {
    return Number(pattern.exec(run.out)?.[1]);
  }
});
