// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { describePage } from './browser.js';
import { heapOf, longestTask, sendMany, timed, watchTasks } from './busy-page.js';

const EVENTS = Number(process.env.PAGE_TEST_EVENTS ?? 100_000);
const TOO_MANY = 5_000;

describePage('inspect: the page under load', pages => {
  it('stays responsive with as many events as are kept, drops the oldest and says how many', async function () {
    this.timeout(600_000);
    const { page, endpoint, rows, complaints } = await pages.open({
      args: ['--datafile', pages.datafile, '--keep', String(EVENTS)],
    });
    await watchTasks(page);
    await sendMany(endpoint, EVENTS + TOO_MANY);
    const figure = (label: string, value: number) =>
      page.locator('.figure', { hasText: label }).getByText(value.toLocaleString('en')).waitFor();
    await figure('Oldest dropped', TOO_MANY);
    await figure('Conversions', EVENTS / 2);
    await rows.filter({ hasText: `Batch ${((EVENTS + TOO_MANY) / 200).toLocaleString('en')}` }).waitFor();
    const longestWhileArriving = await longestTask(page);

    const last = (EVENTS + TOO_MANY) / 2 - 1;
    const filtered = await timed(async () => {
      await page.getByLabel('Visitor').fill(`v${last}`);
      await rows.nth(2).waitFor();
      await rows.nth(3).waitFor({ state: 'detached' });
    });
    await page.getByRole('button', { name: 'Reset' }).click();
    await rows.nth(10).waitFor();
    const scrolled = await timed(async () => {
      await page.locator('#grid').focus();
      await page.keyboard.press('End');
      // The end of the list: the last conversion of the oldest batch that is kept.
      await rows
        .filter({ hasText: new RegExp(`v${TOO_MANY / 2 + 99}(?!\\d)`) })
        .first()
        .waitFor();
    });
    expect(await rows.count()).to.be.below(60);
    const heap = await heapOf(page);
    const longest = await longestTask(page);
    if (process.env.PAGE_TEST_EVENTS !== undefined) {
      process.stdout.write(
        `${JSON.stringify({ EVENTS, filtered, scrolled, longestWhileArriving, longest, heap })}\n`,
      );
    }
    // What takes a tenth of that at rest; machines that run tests do other things meanwhile.
    expect(filtered, 'milliseconds to filter').to.be.below(3_000);
    expect(scrolled, 'milliseconds to reach the end').to.be.below(3_000);
    expect(longest, 'longest task of the page, in milliseconds').to.be.below(500);
    expect(heap, 'bytes of the page').to.be.below(20_000_000);
    expect(complaints).to.deep.equal([]);
  });
});
