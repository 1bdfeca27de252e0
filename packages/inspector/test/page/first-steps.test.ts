// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { StandIn } from '../../../../test/readme/stand-in.js';
import { describePage, violations } from './browser.js';

const ROOT = new URL('../../../../', import.meta.url).pathname;
/** Leads what a program asks of optimizely.com to the stand-in: YOUR_SDK_KEY is not a key. */
const LOOPBACK = join(ROOT, 'test/readme/loopback.cjs');

/** An application that has no endpoint of its own. */
const APPLICATION = `
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';

const processor = new OptimizelySpanProcessor({ sdkKey: 'YOUR_SDK_KEY' });
`;
const RECORD = `
processor.recordImpression({ userId: 'reader', flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey: 'one_page' });
await processor.shutdown();
`;
const DECIDE = `
await optimizely.onReady();
optimizely.createUserContext('reader').decide('checkout_flow');
optimizely.close();
`;

describePage('inspect: the first steps on the page', pages => {
  let standIn: StandIn;
  let folder: string;
  const running = new Set<ChildProcess>();

  before(async () => {
    standIn = await StandIn.start();
    folder = await mkdtemp(join(tmpdir(), 'reader-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  });
  after(async () => {
    await standIn.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });

  /** As a reader has pasted it. */
  async function run(command: string, args: readonly string[]): Promise<string> {
    const env = {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_OPTIONS: `--require ${LOOPBACK}`,
      STAND_IN_PORT: `${standIn.port}`,
    };
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(child);
    const [complaint] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    running.delete(child);
    return complaint;
  }

  const codeOf = async (page: Page, way: string) =>
    (await page.locator(`#way-${way} pre`).textContent()) ?? '';

  it('run as they are: a variable of the environment', async () => {
    const { page, rows } = await pages.open({ args: ['--sample'] });
    await writeFile(join(folder, 'app.js'), APPLICATION + RECORD);
    expect(await run('sh', ['-c', await codeOf(page, 'variable')])).to.equal('');
    await rows.filter({ hasText: 'checkout_flow_test' }).filter({ hasText: 'reader' }).waitFor();
  });

  it('run as they are: an option of the span processor', async () => {
    const { page, rows } = await pages.open({ args: ['--sample'] });
    await writeFile(join(folder, 'option.js'), (await codeOf(page, 'option')) + RECORD);
    expect(await run('node', ['option.js'])).to.equal('');
    await rows.filter({ hasText: 'checkout_flow_test' }).filter({ hasText: 'reader' }).waitFor();
  });

  it('run as they are: the event dispatcher of the official SDK', async () => {
    const { page, rows } = await pages.open({ args: ['--sample'] });
    await writeFile(join(folder, 'dispatcher.js'), (await codeOf(page, 'dispatcher')) + DECIDE);
    expect(await run('node', ['dispatcher.js'])).to.equal('');
    await rows.filter({ hasText: 'impression' }).filter({ hasText: 'reader' }).waitFor();
  });

  it('are copied by a button that says so', async () => {
    const { page, endpoint } = await pages.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('#way-variable').getByRole('button').click();
    await page.locator('#way-variable').getByText('Copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).to.equal(
      `OPTIMIZELY_EVENTS_ENDPOINT=${endpoint} node app.js`,
    );
  });

  it('say when the first batch comes, and have the sample project if it is shown', async () => {
    const { page, url } = await pages.open({ args: ['--sample'] });
    await page.getByText('after 10 events, or 30 seconds after its first one').waitFor();
    const sample = page.getByRole('region', { name: 'Sample project' });
    for (const step of [
      'npm install opentelemetry-exporter-optimizely',
      `curl -O ${url}sample.mjs`,
      'node sample.mjs',
    ]) {
      await sample.locator('pre', { hasText: step }).waitFor();
    }
    const headings = page.locator('.first-steps').getByRole('heading', { level: 3 });
    expect((await headings.allTextContents())[0]).to.equal('Try it with the sample project');
    await page.getByText('Or send events of your own in one of three ways.').waitFor();
    expect(await violations(page)).to.deep.equal([]);
    const other = await pages.open({ args: [] });
    await other.page.getByText('--datafile FILE').waitFor();
    expect(await other.page.getByText('sample.mjs').count()).to.equal(0);
  });
});
