// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ShopProcess } from '../examples/node-sdk/shop-process.js';
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
    expect(figure(/recorded (\d+) events/)).to.be.above(300);
    expect(figure(/and (\d+) arrived\./)).to.equal(figure(/recorded (\d+) events/));
    expect(figure(/were lost: (\d+)\./)).to.equal(0);
    expect(figure(/arrived twice: (\d+)\./)).to.equal(0);
    expect(figure(/not to count an event: (\d+)\./)).to.equal(0);
    expect(figure(/plugin dropped: (\d+)\./)).to.equal(0);
  });

  for (const cause of ['size', 'age', 'revision', 'flush', 'shutdown']) {
    it(`closes a batch by ${cause}`, () => {
      expect(figure(new RegExp(`^ +${cause}: .* (\\d+) +\\d+$`, 'm'))).to.be.above(0);
    });
  }

  it('shows each variation of both experiments', () => {
    for (const variation of ['beach', 'mountains', 'one_page', 'three_steps']) {
      expect(figure(new RegExp(`^ +${variation} +(\\d+) `, 'm')), variation).to.be.above(0);
    }
  });

  it('stops the shop with SIGTERM', () => {
    expect(run.out).to.include("The shop's process ended by SIGTERM.");
  });

  it('prints a trace with its experiment events and no visitor id', () => {
    expect(run.out).to.match(/GET \/checkout, server span, .*\n +event optimizely\.impression\n/);
    expect(run.out).to.match(/POST \/purchase, server span, .*\n +event optimizely\.conversion\n/);
    expect(run.out).to.match(/that the [1-9]\d* spans of the traces show: 0\.\n/);
  });

  it('shows its progress', () => {
    expect(run.out.match(/\d+ of 300 visitors have left/g)).to.have.length(10);
  });

  it('writes nothing to stderr', () => {
    expect(run.err).to.equal('');
  });

  function figure(pattern: RegExp): number {
    return Number(pattern.exec(run.out)?.[1]);
  }
});

describe("the demo's shop", function () {
  this.timeout(LIMIT_MILLIS);

  it('is waited for until it opens or ends, and what it wrote to stderr is kept', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'demo-'));
    const program = join(folder, 'shop.mjs');
    writeFileSync(program, "process.stderr.write('the disk is full\\n', () => process.exit(3));");
    const shop = new ShopProcess('http://127.0.0.1:9', program);
    const opened = await shop.opened().catch((error: Error) => error.message);
    expect(opened).to.equal("the shop's process has ended by exit code 3");
    expect(shop.stderr).to.equal('the disk is full\n');
    rmSync(folder, { recursive: true });
  });
});
