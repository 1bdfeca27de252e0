// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { batchOf, conversion, impression } from '../harness.js';
import { at, describePage, post, variedBatch } from './browser.js';

const PAGE = new URL('../../dist/cli/page/', import.meta.url);

describePage('inspect: the page in Chromium', pages => {
  it('tells what to do while nothing has come, and shows what comes without being asked', async () => {
    const { page, endpoint, rows, complaints, foreign } = await pages.open();
    await page.getByText(`OPTIMIZELY_EVENTS_ENDPOINT=${endpoint}`).waitFor();
    await page.getByText('datafile revision 7').waitFor();
    await page.getByText('nothing leaves this machine').waitFor();
    await post(endpoint, variedBatch());
    await rows.filter({ hasText: 'banner' }).first().waitFor({ timeout: 2_000 });
    await rows.nth(6).waitFor();
    expect(await rows.count()).to.equal(7);
    expect(await rows.nth(0).textContent()).to.match(
      /Batch 1[\s\S]*6 events[\s\S]*4 visitors[\s\S]*revision 7[\s\S]*answered 204/,
    );
    expect(await rows.nth(1).textContent()).to.match(/impression[\s\S]*banner[\s\S]*→ control[\s\S]*ada/);
    expect(await rows.nth(5).textContent()).to.match(/purchase[\s\S]*eve[\s\S]*no earlier decision/);
    const card = page.getByRole('article').filter({ hasText: 'banner' });
    await card.getByText('1 of 1').first().waitFor();
    expect(await card.getByRole('img').first().getAttribute('aria-label')).to.match(
      /^purchase, control: rate 100\.0 %, 95 percent interval 20\.7 % to 100\.0 %$/,
    );
    await post(endpoint, variedBatch());
    await rows.filter({ hasText: 'Batch 2' }).waitFor({ timeout: 2_000 });
    await page.getByText('Waiting for the first batch').waitFor({ state: 'hidden' });
    expect({ complaints, foreign }).to.deep.equal({ complaints: [], foreign: [] });
  });

  it('shows a hostile payload as the text that it is', async () => {
    const { page, endpoint, rows, complaints, foreign } = await pages.open({ args: [] });
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
    const { page } = await pages.open();
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

  it('keeps the theme that was chosen', async () => {
    const { page } = await pages.open();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Dark theme' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).to.equal('light');
  });

  it('is small, and loads four files of its own', async () => {
    const files = ['index.html', 'page.js', 'page.css', 'icon.svg'];
    const sizes = await Promise.all(
      files.map(async file => gzipSync(await readFile(new URL(file, PAGE))).length),
    );
    expect(
      sizes.reduce((all, size) => all + size),
      'bytes, compressed',
    ).to.be.below(60_000);
    const { page, url } = await pages.open();
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    );
    const own = loaded.filter(name => !name.startsWith(`${url}api/`)).map(name => name.slice(url.length));
    expect([...new Set(own)]).to.have.members(['page.js', 'page.css', 'icon.svg']);
  });

  it('goes with the licenses of what is built into it', async () => {
    const script = await readFile(new URL('page.js', PAGE), 'utf8');
    expect(script).to.match(/^\/\*!\npreact\n[\s\S]*MIT[\s\S]*@preact\/signals\n[\s\S]*MIT/);
  });
});
