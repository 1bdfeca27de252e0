// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { batchOf, conversion } from '../harness.js';
import { at, crowd, describePage, post, sendLookalikes, variedBatch, violations } from './browser.js';

const LOOKS = [
  { colorScheme: 'light', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'light', forcedColors: 'active' },
  { colorScheme: 'dark', forcedColors: 'active' },
] as const;

/** Opens each thing that can be open, and looks at the page with it. */
const SITUATIONS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'as it is': page => page.getByText('Sample ratio mismatch').first().waitFor(),
  'all checks unfolded': page =>
    page.evaluate(() => {
      for (const folded of document.querySelectorAll('details')) folded.open = true;
    }),
  'an event': async page => {
    await page.locator('#rows .row', { hasText: 'no earlier decision' }).first().click();
    await page.getByRole('heading', { name: 'Payload' }).waitFor();
  },
  'a timeline': async page => {
    await page.getByRole('button', { name: 'Timeline of this visitor' }).click();
    await page.getByRole('list', { name: 'Timeline' }).waitFor();
  },
  'nothing found': async page => {
    await page.keyboard.press('Escape');
    await page.getByLabel('Visitor').fill('nothing is like this');
    await page.getByText('No event matches').waitFor();
  },
  paused: async page => {
    await page.getByRole('button', { name: 'Show all events' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused at').waitFor();
  },
};

async function sendAll(endpoint: string): Promise<void> {
  await post(endpoint, crowd(60));
  await post(endpoint, variedBatch());
  await post(`${endpoint}/elsewhere`, '{}');
  await post(
    endpoint,
    batchOf([conversion({ visitorId: 'v1\u200b', event: { revenue: 42.5 }, ...at(Date.now()) })]),
  );
}

describePage('inspect: the page for everyone', pages => {
  for (const look of LOOKS) {
    it(`has nothing that axe-core objects to, whatever is open: ${JSON.stringify(look)}`, async () => {
      const { page, endpoint } = await pages.open({ ...look, reducedMotion: 'reduce' });
      await page.getByText('Waiting for the first batch').waitFor();
      expect(await violations(page), 'empty').to.deep.equal([]);
      await sendAll(endpoint);
      for (const [situation, reach] of Object.entries(SITUATIONS)) {
        await reach(page);
        expect(await violations(page), situation).to.deep.equal([]);
      }
    });
  }

  for (const view of ['experiments', 'events']) {
    it(`is whole at 400 percent of 1,280 pixels, without a second direction to scroll in: ${view}`, async () => {
      const { page, endpoint } = await pages.open({
        query: `?view=${view}`,
        viewport: { width: 320, height: 256 },
      });
      await sendAll(endpoint);
      await page.locator(`#${view === 'events' ? 'grid' : 'experiments'}`).waitFor();
      const { scrollWidth } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
      }));
      expect(scrollWidth).to.equal(320);
      expect(await violations(page)).to.deep.equal([]);
    });
  }

  it('grows with the text size that a reader has chosen', async () => {
    const { page, endpoint, rows } = await pages.open({ viewport: { width: 1_600, height: 1_000 } });
    await sendAll(endpoint);
    await rows.nth(3).waitFor();
    const height = async () => (await rows.nth(3).boundingBox())?.height ?? 0;
    const before = await height();
    await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    await page.waitForFunction(
      expected =>
        (document.querySelector('#rows .row:nth-child(4)')?.getBoundingClientRect().height ?? 0) > expected,
      before * 1.6,
    );
    const places = await rows.evaluateAll(all => all.slice(0, 5).map(row => row.getBoundingClientRect()));
    for (const [index, place] of places.entries()) {
      if (index > 0) expect(place.top).to.be.closeTo(places[index - 1]?.bottom ?? 0, 1.5);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(1_600);
  });

  it('scrolls no further than to what there is to see, wide and narrow', async () => {
    const { page, endpoint } = await pages.open();
    await sendAll(endpoint);
    await page.getByText('Sample ratio mismatch').first().waitFor();
    for (const width of [390, 1_280]) {
      await page.setViewportSize({ width, height: 800 });
      const blank = await page.evaluate(() => {
        const experiments = document.getElementById('experiments');
        const last = experiments?.lastElementChild?.getBoundingClientRect();
        const whole = document.getElementById('page')?.getBoundingClientRect();
        if (!experiments || !last || !whole) return undefined;
        const { top } = experiments.getBoundingClientRect();
        return {
          inExperiments: experiments.scrollHeight - (last.bottom - top + experiments.scrollTop),
          inPage:
            document.documentElement.scrollHeight - Math.max(innerHeight, Math.round(whole.bottom + scrollY)),
        };
      });
      expect(blank?.inExperiments, `${width}`).to.be.within(-1, 40);
      expect(blank?.inPage, `${width}`).to.equal(0);
    }
  });

  it('is reached and left by keyboard, each thing with a name and a focus that is seen', async () => {
    const { page, endpoint } = await pages.open();
    await sendAll(endpoint);
    await page.getByText('Sample ratio mismatch').first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    // As if the page had just been loaded: the next stop is the first.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
    });
    const reached: string[] = [];
    for (let press = 0; press < 200; press++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return undefined;
        const { outlineStyle } = getComputedStyle(element);
        const around =
          element.id === 'grid' ? getComputedStyle(element.closest('.events') ?? element).outlineStyle : '';
        const { id, textContent } = element;
        const label = document.querySelector(`label[for="${id || '-'}"]`)?.textContent;
        const named = element.getAttribute('aria-labelledby') ?? '';
        const name =
          element.getAttribute('aria-label') ?? label ?? document.getElementById(named)?.textContent;
        return {
          name: name ?? textContent ?? '',
          isSeen: outlineStyle !== 'none' || around === 'solid',
        };
      });
      if (stop === undefined) break;
      expect(stop.name.trim(), `stop ${press}`).not.to.equal('');
      expect(stop.isSeen, stop.name).to.equal(true);
      reached.push(stop.name);
    }
    for (const name of [
      'Skip to the events',
      'Pause',
      'Clear',
      'Visitor',
      'Payload',
      'Order',
      'Events',
      'Download',
    ]) {
      expect(
        reached.some(found => found.includes(name)),
        name,
      ).to.equal(true);
    }
  });

  it('gives the focus back to the button that opened something', async () => {
    const { page, endpoint } = await pages.open();
    await sendLookalikes(endpoint);
    const button = page.locator('.examples button').first();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'detail');
    await page.getByRole('list', { name: 'Timeline' }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.closest('.examples') !== null);
  });

  it('moves nothing by itself if a reader wants it so', async () => {
    const { page, endpoint, rows } = await pages.open({ reducedMotion: 'reduce' });
    await sendAll(endpoint);
    await rows.first().waitFor();
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter(element => {
          const { transitionDuration, animationName } = getComputedStyle(element);
          return transitionDuration !== '0s' || animationName !== 'none';
        }).length,
    );
    expect(moving).to.equal(0);
  });

  it('tells by a border what a contrast theme takes the background from', async () => {
    const { page, endpoint, rows } = await pages.open({ forcedColors: 'active' });
    await sendAll(endpoint);
    await rows.first().click();
    const borderOf = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate(element => getComputedStyle(element).borderTopStyle);
    expect(await borderOf('.badge')).to.equal('solid');
    const outline = await page
      .locator('.row.active')
      .evaluate(element => getComputedStyle(element).outlineStyle);
    expect(outline).to.equal('solid');
  });
});
