// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { runScript, scriptOf } from '../support/run-example.js';
import { patience } from '../support/slowness.cjs';

const LIMIT_MILLIS = patience(5_000);

describe('npm run example:logs', function () {
  this.timeout(2 * LIMIT_MILLIS);
  let lines: string[];

  before(async () => {
    const { code, out, err } = await runScript(scriptOf('example:logs'), LIMIT_MILLIS);
    expect(code, out + err).to.equal(0);
    lines = out.split('\n').map(line => line.trim());
  });

  it('shows the log records, of the helpers and of code without this package, on spans and without', () => {
    expect(lines.filter(line => line.includes(', by '))).to.deep.equal([
      'optimizely.impression, by opentelemetry-exporter-optimizely, on a span',
      'optimizely.conversion, by payments, on a span',
      'optimizely.conversion, by opentelemetry-exporter-optimizely, without a span',
    ]);
  });

  it('shows that what the helpers emit names no user, by default', () => {
    const [first = []] = lines.join('\n').split('optimizely.conversion');
    expect(first)
      .to.include('feature_flag.key = "checkout"')
      .and.not.include('visitor-1')
      .and.not.include('gold');
  });

  it('shows that each event arrives once and counts', () => {
    expect(lines.slice(lines.indexOf('Received by the Events API') + 1)).to.deep.equal([
      'impression of visitor-1, entity 3101: log record 1, once, counts',
      'conversion of visitor-1, entity 3401: log record 2, once, counts',
      'conversion of visitor-1, entity 3402: log record 3, once, counts',
      'recorded 3, delivered 3, pending 0',
      '',
    ]);
  });
});
