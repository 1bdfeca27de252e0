// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { runScript, scriptOf } from './support/run-example.js';
import { patience } from './support/slowness.cjs';

const LIMIT_MILLIS = patience(5_000);

describe('npm run example:official-sdk', function () {
  this.timeout(2 * LIMIT_MILLIS);
  let out = '';
  let code: number | null = null;

  before(async () => {
    const run = await runScript(scriptOf('example:official-sdk'), LIMIT_MILLIS);
    out = run.out + run.err;
    code = run.code;
  });

  it('ends by itself with exit code 0', () => {
    expect(code, out).to.equal(0);
  });

  it("sends all that the SDK's calls made, in the SDK's name, in full batches", () => {
    // A batch may grow while requests are in flight.
    expect(out).to.match(/handed over 60, received 60 in [1-6] batch(es)?, problems found 0/);
    expect(out).to.match(/sent in the name of node-sdk 6\.\d+\.\d+\n/);
    expect(out).to.match(/^purchase +20$/m);
    expect(out).to.match(/^hero_banner +mountains [1-9]\d*, beach [1-9]\d*$/m);
    expect(out).to.match(/^checkout_flow +three_steps [1-9]\d*, one_page [1-9]\d*$/m);
  });

  it('shows them on the spans of the requests, and no visitor', () => {
    const event = (name: string, event: string, key: string) =>
      new RegExp(`^span ${name}\\n  event optimizely\\.${event}\\n(    .*\\n)*    .* = ${key}\\n`, 'm');
    expect(out).to.match(event('GET /product', 'impression', 'hero_banner'));
    expect(out).to.match(event('GET /checkout', 'impression', 'checkout_flow'));
    expect(out).to.match(event('POST /purchase', 'conversion', 'purchase'));
    expect(out).not.to.include('visitor-');
  });
});
