// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { batchOf, conversion, impression } from '../harness.js';
import { at, describePage, post, sendLookalikes } from './browser.js';

const ids = Array.from({ length: 20 }, (_, number) => `visitor-${number}`);

const healthy = () =>
  batchOf([
    ...ids.map((visitorId, number) =>
      impression({ visitorId, decision: { variation_id: number % 2 ? '1001' : '1002' }, ...at() }),
    ),
    ...ids
      .slice(0, 8)
      .map(visitorId => conversion({ visitorId, event: { revenue: 1_000 }, ...at(Date.now()) })),
  ]);

describePage('inspect: why there are no results, on the page', pages => {
  it('names the root cause first, above the figures, and what else was looked at folded', async () => {
    const { page, endpoint } = await pages.open();
    await sendLookalikes(endpoint);
    const inDollars = conversion({ visitorId: 'visitor-0', event: { revenue: 42.5 }, ...at(Date.now()) });
    await post(endpoint, batchOf([inDollars]));
    const card = page.getByRole('article', { name: 'banner' });
    const found = card.getByRole('list', { name: 'Findings, the root cause first' }).getByRole('listitem');
    await found.nth(1).waitFor();
    await found.first().getByText('root cause').waitFor();
    expect(await found.first().textContent()).to.contain('their ids look like those of exposed visitors');
    const order = await card.evaluate(element =>
      [...element.querySelectorAll('h3, .checks:not(.folded *), .folded, .scorecard')].map(
        ({ tagName, classList }) => classList[0] ?? tagName,
      ),
    );
    expect(order.slice(0, 2)).to.deep.equal(['H3', 'checks']);
    expect(order.at(-1)).to.equal('scorecard');
    const passed = card.locator('summary', { hasText: 'passed' });
    const check = card.getByText('Requests are accepted');
    expect(await check.isVisible()).to.equal(false);
    await passed.focus();
    await page.keyboard.press('Enter');
    await check.waitFor();
  });

  it('leads to the evidence with one click, by a filter that is in the URL and can be taken off', async () => {
    const { page, endpoint, rows } = await pages.open();
    await sendLookalikes(endpoint);
    await post(endpoint, batchOf([conversion({ event: { entity_id: '999', key: 'other' }, ...at() })]));
    const card = page.getByRole('article', { name: 'banner' });
    await card
      .getByRole('button', { name: /Show the evidence of “.*”, banner/ })
      .first()
      .click();
    await page.locator('.matches').getByText('20 events match').waitFor();
    const query = new URL(page.url()).searchParams;
    expect([query.get('experiment'), query.get('check')]).to.deep.equal(['100', 'conversions_unexposed']);
    expect(await rows.filter({ hasText: 'impression' }).count()).to.equal(0);
    await page.waitForFunction(() => document.activeElement?.id === 'grid');
    await page.getByRole('button', { name: /^Evidence: conversions unexposed/ }).click();
    await rows.filter({ hasText: 'impression' }).first().waitFor();
    await page.goBack();
    await rows.filter({ hasText: 'conversion' }).first().waitFor();
  });

  it('shows ids beside those that they look like, and what cannot be seen in them', async () => {
    const { page, endpoint, rows } = await pages.open();
    await sendLookalikes(endpoint);
    const example = page.locator('.examples li').first();
    await example.locator('mark', { hasText: 'U+200B' }).first().waitFor();
    expect(await rows.locator('mark').first().textContent()).to.equal('⟨U+200B⟩');
    await example.getByRole('button', { name: 'show the timeline' }).click();
    await page.getByRole('heading', { name: /Visitor visitor-\d+⟨U\+200B⟩/ }).waitFor();
    await page.getByRole('region', { name: 'Ids that look alike' }).getByText('1 other visitor id').waitFor();
    const timeline = page.getByRole('list', { name: 'Timeline' }).getByRole('listitem');
    expect(await timeline.count()).to.equal(1);
    expect(await timeline.textContent()).to.contain('does not count');
    expect(new URL(page.url()).searchParams.get('timeline')).to.match(/^visitor-\d+\u200b$/);
  });

  it('tells a visitor’s decisions and conversions in order of time, what counted where, and leads to each', async () => {
    const { page, endpoint, rows } = await pages.open();
    const now = Date.now();
    await post(
      endpoint,
      batchOf([
        conversion({ visitorId: 'ada', event: { revenue: 4_200 }, ...at(now) }),
        conversion({ visitorId: 'ada', event: { entity_id: '301', key: 'signup' }, ...at(now - 9_000) }),
        impression({ visitorId: 'ada', ...at(now - 5_000) }),
      ]),
    );
    await rows.filter({ hasText: 'revenue 42.00' }).click();
    await page.getByRole('button', { name: 'Timeline of this visitor' }).click();
    const moments = page.getByRole('list', { name: 'Timeline' }).getByRole('listitem');
    await moments.nth(2).waitFor();
    expect(await moments.nth(0).textContent()).to.match(/conversion signup.*does not count/);
    expect(await moments.nth(1).textContent()).to.match(/impression banner → control.*counts/);
    expect(await moments.nth(2).textContent()).to.match(
      /conversion purchase \(revenue 42\.00\).*counts.*Counts for banner: control/,
    );
    await page.getByRole('list', { name: 'Experiments of this visitor' }).getByText('banner').waitFor();
    await moments.nth(1).getByRole('button').click();
    await page.getByRole('heading', { name: 'Impression', exact: true }).waitFor();
    await page.goBack();
    await moments.nth(2).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'detached' });
  });

  it('has a scorecard whose bars share one labeled axis, and says what decides', async () => {
    const { page, endpoint } = await pages.open();
    await post(endpoint, healthy());
    const scorecard = page.getByRole('region', { name: 'Scorecard: banner' });
    await scorecard.getByRole('img', { name: /^purchase, treatment: rate/ }).waitFor();
    expect(await scorecard.locator('.axis').count()).to.equal(1);
    const ends = await scorecard.evaluate(element => {
      const end = element.querySelector('.ticks > :last-child')?.textContent ?? '';
      return [...element.querySelectorAll('.bar')].map(bar => {
        const width = Number(bar.querySelector('.rate')?.getAttribute('width'));
        const rate = Number(/rate ([\d.]+) %/.exec(bar.getAttribute('aria-label') ?? '')?.[1]);
        return Math.abs(rate / Number.parseFloat(end) - width / 1_000) < 0.002;
      });
    });
    expect(ends).to.have.length.above(1).and.not.include(false);
    await scorecard.getByText('a look at the plumbing, not at significance').waitFor();
    const decides = scorecard.getByRole('link').first();
    expect(await decides.getAttribute('href')).to.match(/^https:\/\/[a-z.]+\.optimizely\.com\//);
    await scorecard
      .getByText(/Against the baseline: .* points \(.* to .*\), lift/)
      .first()
      .waitFor();
    await scorecard
      .getByText(/Revenue: 40\.00, .* a visitor/)
      .first()
      .waitFor();
  });

  it('names nothing where all is well', async () => {
    const { page, endpoint } = await pages.open();
    await post(endpoint, healthy());
    const card = page.getByRole('article', { name: 'banner' });
    await card.getByText('nothing is wrong').waitFor();
    expect(await card.getByText('root cause').count()).to.equal(0);
    expect(await page.getByRole('article', { name: 'All experiments' }).count()).to.equal(0);
  });

  it('says once what keeps all experiments from having results', async () => {
    const { page, endpoint } = await pages.open();
    await post(endpoint, healthy());
    await post(`${endpoint}/elsewhere`, '{}');
    const all = page.getByRole('article', { name: 'All experiments' });
    await all.getByText('refused').first().waitFor();
    const sentence = (await all.locator('.sentence').first().textContent()) ?? '';
    expect(sentence).to.contain('/elsewhere');
    expect(await page.getByText(sentence, { exact: true }).count()).to.equal(1);
    await page.getByRole('article', { name: 'banner' }).getByText('concerns all experiments').waitFor();
    // One refused request among others may be the cause; to say that it is would be too much.
    expect(await all.getByText('root cause').count()).to.equal(0);
    await all.getByText('perhaps').waitFor();
  });
});
