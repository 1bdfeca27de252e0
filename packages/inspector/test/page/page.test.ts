// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../../test/support/chromium.js';
import { endCommands, startInspect } from '../command.js';
import { batchOf, conversion, impression, makeDatafile } from '../harness.js';

const executablePath = findChromium();
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

function post(endpoint: string, batch: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(endpoint, { method: 'POST', headers, agent }, response => {
      response
        .resume()
        .on('end', () =>
          response.statusCode === 204 ? resolve() : reject(new Error(`${response.statusCode}`)),
        );
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(batch));
  });
}

const at = (timestamp = Date.now() - 1_000) => ({ timestamp });
const TREATMENT = { variation_id: '1002' };

/** Some of everything: two experiments, a conversion without a decision, a warning. */
function variedBatch() {
  const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
  return batchOf([
    impression({ visitorId: 'ada', ...at() }),
    impression({ visitorId: 'bob', decision: TREATMENT, metadata: { variation_key: 'treatment' }, ...at() }),
    impression({ visitorId: 'cyd', decision: checkout, metadata: { flag_key: 'checkout' }, ...at() }),
    conversion({ visitorId: 'ada', event: { revenue: 4_205, tags: { sku: 'tent-2' } }, ...at(Date.now()) }),
    conversion({ visitorId: 'eve', ...at(Date.now()) }),
    conversion({
      visitorId: 'bob',
      event: { entity_id: '301', key: 'signup', tags: { to: 'ada@example.com' } },
      ...at(Date.now()),
    }),
  ]);
}

describe('inspect: the page in Chromium', function () {
  if (executablePath === undefined) {
    it.skip('no Chromium was found on the PATH: install it (apt-get install chromium) to run these tests', () => {});
    return;
  }
  this.timeout(60_000);
  let browser: Browser;
  let directory: string;
  let datafile: string;

  before(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    directory = await mkdtemp(join(tmpdir(), 'page-'));
    datafile = join(directory, 'datafile.json');
    await writeFile(datafile, JSON.stringify(makeDatafile()));
  });
  after(async () => {
    agent.destroy();
    await browser.close();
    await rm(directory, { recursive: true });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    endCommands();
  });

  /** Whatever the page complains of, or asks elsewhere, is kept. */
  async function open(
    args: readonly string[] = ['--datafile', datafile],
    size = { width: 1_280, height: 800 },
  ) {
    const inspector = await startInspect(args);
    const page = await browser.newPage({ viewport: size });
    const complaints: string[] = [];
    const foreign: string[] = [];
    page.on('console', message => complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error)));
    page.on('dialog', dialog => void dialog.dismiss().then(() => complaints.push(dialog.message())));
    page.on('request', sent => {
      if (!sent.url().startsWith(inspector.url) && !sent.url().startsWith('data:')) foreign.push(sent.url());
    });
    await page.goto(inspector.url);
    return { ...inspector, page, complaints, foreign, rows: page.locator('#rows .row') };
  }

  async function violations(page: Page): Promise<string[]> {
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(),
    );
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
  }

  it('says when the first batch comes, and gives the steps to send the sample project', async () => {
    const { page, url } = await open(['--sample']);
    await page.getByText('after 10 events, or 30 seconds after its first event').waitFor();
    await page.getByText('batchSize: 1').waitFor();
    for (const step of ['npm install opentelemetry-exporter-optimizely', `curl -O ${url}sample.mjs`]) {
      await page.getByText(step).waitFor();
    }
    expect(await violations(page)).to.deep.equal([]);
    const other = await open();
    await other.page.getByText('batchSize: 1').waitFor();
    expect(await other.page.getByText('sample.mjs').count()).to.equal(0);
  });

  it('tells what to do while nothing has come, and shows what comes without being asked', async () => {
    const { page, endpoint, rows, complaints, foreign } = await open();
    await page.getByText(`OPTIMIZELY_EVENTS_ENDPOINT=${endpoint}`).waitFor();
    await page.getByText('datafile revision 7').waitFor();
    await page.getByText('nothing leaves this machine').waitFor();
    await post(endpoint, variedBatch());
    await rows.filter({ hasText: 'banner' }).first().waitFor({ timeout: 2_000 });
    expect(await rows.count()).to.equal(7);
    expect(await rows.nth(0).textContent()).to.match(
      /Batch 1[\s\S]*6 events[\s\S]*4 visitors[\s\S]*revision 7[\s\S]*answered 204/,
    );
    expect(await rows.nth(1).textContent()).to.match(/impression[\s\S]*banner[\s\S]*→ control[\s\S]*ada/);
    expect(await rows.nth(5).textContent()).to.match(/purchase[\s\S]*eve[\s\S]*no earlier decision/);
    const card = page.getByRole('article').filter({ hasText: 'banner' });
    await card.getByText('1 of 1').first().waitFor();
    expect(await card.getByRole('img').first().getAttribute('aria-label')).to.match(
      /^control: rate 100\.0 %, 95 percent interval 20\.7 % to 100\.0 %$/,
    );
    await post(endpoint, variedBatch());
    await rows.filter({ hasText: 'Batch 2' }).waitFor({ timeout: 2_000 });
    await page.getByText('Waiting for the first batch').waitFor({ state: 'hidden' });
    expect({ complaints, foreign }).to.deep.equal({ complaints: [], foreign: [] });
  });

  it('filters by visitor, experiment, event and problem', async () => {
    const { page, endpoint, rows } = await open();
    await post(endpoint, variedBatch());
    await rows.nth(6).waitFor();
    const shows = (...visitors: string[]) =>
      page.waitForFunction(
        expected =>
          [...document.querySelectorAll('#rows .event .visitor')].map(cell => cell.textContent).join() ===
          expected,
        visitors.join(),
        { timeout: 5_000 },
      );
    await page.keyboard.press('/');
    await page.keyboard.type('AD');
    await shows('ada', 'ada');
    await page.getByRole('button', { name: 'Reset' }).click();
    await shows('ada', 'bob', 'cyd', 'ada', 'eve', 'bob');
    await page.getByLabel('Experiment', { exact: true }).selectOption({ label: 'checkout_test (1)' });
    await shows('cyd');
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByLabel('Event', { exact: true }).selectOption('signup');
    await shows('bob');
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByLabel('Problem').selectOption('no_earlier_decision');
    await shows('eve');
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.locator('.figure', { hasText: 'With warnings' }).getByRole('button').click();
    await shows('bob');
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('button', { name: 'Show events of banner' }).click();
    await shows('ada', 'bob', 'ada', 'bob');
  });

  it('is used by keyboard alone', async () => {
    const { page, endpoint, rows } = await open();
    await post(endpoint, variedBatch());
    await rows.nth(6).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('filter-visitor');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('grid');
    for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowDown');
    const activeId = await page.locator('#grid').getAttribute('aria-activedescendant');
    expect(await page.locator(`#${activeId}`).textContent()).to.contain('revenue 42.05');
    expect(await page.locator(`#${activeId}`).getAttribute('aria-selected')).to.equal('true');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Conversion', exact: true }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('detail');
    const meaning = await page.getByRole('region', { name: 'Meaning' }).textContent();
    expect(meaning)
      .to.match(/Event\s*purchase\s*300/)
      .and.to.match(/Revenue\s*42\.05\s*4205 cents/)
      .and.to.match(/Counts for\s*banner: control/);
    expect(JSON.parse((await page.locator('#detail pre').textContent()) ?? '')).to.have.property(
      'visitor_id',
      'ada',
    );
    await page.keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('grid');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Batch 1' }).waitFor();
  });

  it('stands still while it is read, and follows again when asked to', async () => {
    const { page, endpoint, rows } = await open();
    await post(endpoint, variedBatch());
    await rows.nth(6).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await post(endpoint, variedBatch());
    await page.getByRole('button', { name: 'Show 6 newer events' }).click();
    await rows.filter({ hasText: 'Batch 2' }).waitFor();
    await page.getByRole('button', { name: 'newer' }).waitFor({ state: 'hidden' });
    expect(await rows.count()).to.equal(14);
  });

  it('shows a hostile payload as the text that it is', async () => {
    const { page, endpoint, rows, complaints, foreign } = await open([]);
    const evil = `</pre></script><img src=x onerror="window.pwned=1"><svg onload=alert(1)>{{7*7}}\u202e`;
    const tags = { [evil]: evil, nested: { [evil]: [evil] } };
    const attributes = [{ entity_id: evil, key: evil, type: 'custom', value: evil }];
    const metadata = { flag_key: evil, rule_key: evil, rule_type: evil, variation_key: evil };
    const decision = { experiment_id: evil, campaign_id: evil, variation_id: evil };
    await post(
      endpoint,
      batchOf(
        [
          impression({ visitorId: evil, attributes, metadata, decision, uuid: evil, ...at() }),
          conversion({ visitorId: evil, event: { key: evil, tags, uuid: evil }, ...at(Date.now()) }),
        ],
        {
          revision: evil,
          client_name: evil,
          client_version: evil,
          account_id: evil,
          project_id: evil,
        },
      ),
    );
    await rows.nth(2).waitFor();
    await page.getByRole('article').filter({ hasText: '<img src=x' }).first().waitFor();
    for (const place of [0, 1, 2]) {
      expect(await rows.nth(place).textContent()).to.contain('<img src=x');
      await rows.nth(place).click();
      await page.getByRole('heading', { name: 'Payload' }).waitFor();
      expect(await page.locator('#detail').textContent()).to.contain('<img src=x onerror="window.pwned=1">');
      await page.keyboard.press('Escape');
    }
    await page.getByLabel('Event', { exact: true }).selectOption(evil);
    await rows.nth(2).waitFor({ state: 'detached' });
    expect(await page.locator('img').count()).to.equal(1);
    expect(await page.locator('svg[onload], script:not([src="/page.js"])').count()).to.equal(0);
    expect(await page.evaluate(() => 'pwned' in window)).to.equal(false);
    expect({ complaints, foreign }).to.deep.equal({ complaints: [], foreign: [] });
  });

  it('has a policy that would stop what slipped through', async () => {
    const { page } = await open();
    const stopped = await page.evaluate(`(async () => {
      const stopped = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => stopped.push(effectiveDirective));
      const add = (name, members) => document.body.append(Object.assign(document.createElement(name), members));
      for (const act of [
        () => { document.body.innerHTML = '<img src=x onerror=alert(1)>'; },
        () => document.createElement('img').setAttribute('onerror', 'alert(1)'),
        () => add('style', { textContent: '* {}' }),
        () => add('img', { src: 'https://evil.example/x' }),
        () => fetch('https://evil.example/'),
      ]) {
        const before = stopped.length;
        try {
          await act();
        } catch {}
        while (stopped.length === before) await new Promise(resolve => setTimeout(resolve, 1));
      }
      return stopped;
    })()`);
    expect(stopped).to.deep.equal([
      'require-trusted-types-for',
      'require-trusted-types-for',
      'style-src-elem',
      'img-src',
      'connect-src',
    ]);
  });

  it('says when the inspector has gone', async () => {
    const { page, command } = await open();
    await page.locator('#sources').getByText('live').waitFor();
    command.signal('SIGTERM');
    await command.ended;
    await page.getByText('the inspector is not running').waitFor();
  });

  it('keeps the theme that was chosen', async () => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Dark theme' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).to.equal('light');
  });

  it('has nothing that axe-core objects to, empty and full, light and dark, wide and narrow', async () => {
    const { page, endpoint, rows } = await open();
    await page.getByText('Waiting for the first batch').waitFor();
    expect(await violations(page)).to.deep.equal([]);
    const crowd = Array.from({ length: 30 }, (_, number) => impression({ visitorId: `v${number}`, ...at() }));
    await post(endpoint, batchOf(crowd));
    await post(endpoint, variedBatch());
    await rows.filter({ hasText: 'Batch 2' }).waitFor();
    await page.getByText('Sample ratio mismatch').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width: 1_280, height: 800 });
      expect(await violations(page), colorScheme).to.deep.equal([]);
      await rows.filter({ hasText: 'no earlier decision' }).click();
      await page.getByRole('heading', { name: 'Payload' }).waitFor();
      expect(await violations(page), `${colorScheme}, detail`).to.deep.equal([]);
      await page.keyboard.press('Escape');
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await violations(page), `${colorScheme}, narrow`).to.deep.equal([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(390);
    }
    await page.getByRole('button', { name: 'Experiments', exact: true }).click();
    expect(await violations(page), 'narrow, experiments').to.deep.equal([]);
  });

  it('stays responsive at 100,000 events, drops the oldest and says how many', async () => {
    const { page, endpoint, rows } = await open();
    await page.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      new PerformanceObserver(list =>
        tasks.push(...list.getEntries().map(({ duration }) => duration)),
      ).observe({ entryTypes: ['longtask'] });
    });
    const timestamp = Date.now() - 1_000;
    const batches = Array.from({ length: 525 }, (_, batch) =>
      batchOf(
        Array.from({ length: 200 }, (_, number) => {
          const visitorId = `v${batch * 100 + (number >> 1)}`;
          return number % 2 === 0
            ? impression({ visitorId, timestamp })
            : conversion({ visitorId, timestamp: timestamp + 1 });
        }),
      ),
    );
    let next = 0;
    const sender = async () => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++])
        await post(endpoint, batch);
    };
    // One after the other as long as the order matters: which of them are the oldest.
    for (const batch of batches.splice(0, 30)) await post(endpoint, batch);
    await Promise.all([sender(), sender(), sender()]);
    await page.locator('.figure', { hasText: 'Oldest dropped' }).getByText('5,000').waitFor();
    await page.locator('.figure', { hasText: 'Conversions' }).getByText('50,000').waitFor();
    await rows.filter({ hasText: 'Batch 525' }).waitFor();

    const timed = async (act: () => Promise<unknown>) => {
      const started = performance.now();
      await act();
      return performance.now() - started;
    };
    const filtered = await timed(async () => {
      await page.getByLabel('Visitor').fill('v52499');
      await rows.nth(2).waitFor();
      await rows.nth(3).waitFor({ state: 'detached' });
    });
    await page.getByRole('button', { name: 'Reset' }).click();
    await rows.nth(10).waitFor();
    const scrolled = await timed(async () => {
      await page.locator('#grid').focus();
      await page.keyboard.press('End');
      await rows.filter({ hasText: 'v2599' }).first().waitFor();
    });
    expect(await rows.count()).to.be.below(60);
    const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks);
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    );
    // What takes a tenth of that at rest; machines that run tests do other things meanwhile.
    expect(filtered, 'milliseconds to filter').to.be.below(3_000);
    expect(scrolled, 'milliseconds to reach the end').to.be.below(3_000);
    expect(Math.max(0, ...tasks), 'longest task of the page').to.be.below(500);
    expect(heap, 'bytes of the page').to.be.below(20_000_000);
  });
});
