// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { ExportedEvent } from '../../src/view/types.js';
import { batchOf, impression } from '../harness.js';
import { crowd, describePage, post, variedBatch } from './browser.js';

/** Waits until the list has the events of these visitors, in this order. */
const shows = (page: Page, ...visitors: string[]) =>
  page.waitForFunction(
    expected =>
      [...document.querySelectorAll('#rows .event .visitor')].map(cell => cell.textContent).join() ===
      expected,
    visitors.join(),
    { timeout: 5_000 },
  );
/** Waits until the list is so long, batches included. */
const rowCount = (page: Page, count: number) =>
  page.waitForFunction(
    expected => document.getElementById('grid')?.getAttribute('aria-rowcount') === `${expected + 1}`,
    count,
  );
const focused = (page: Page) => page.evaluate(() => document.activeElement?.id);
const ALL = ['ada', 'bob', 'cyd', 'ada', 'eve', 'bob'];

describePage('inspect: the list on the page', pages => {
  it('is filtered by visitor, payload, experiment, event and problem, and counts what matches', async () => {
    const { page, endpoint } = await pages.open();
    await post(endpoint, variedBatch());
    await shows(page, ...ALL);
    const matches = page.locator('.matches');
    expect(await matches.textContent()).to.equal('6 events');
    const reset = () => page.getByRole('button', { name: 'Reset' }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('AD');
    await shows(page, 'ada', 'ada');
    await matches.getByText('2 events match').waitFor();
    await page.getByRole('status', { name: 'Matches' }).getByText('2 events match').waitFor();
    await reset();
    await shows(page, ...ALL);
    await page.getByLabel('Payload').fill('TENT-2');
    await shows(page, 'ada');
    await matches.getByText('1 event matches').waitFor();
    await reset();
    await page.getByLabel('Experiment', { exact: true }).selectOption({ label: 'checkout_test (1)' });
    await shows(page, 'cyd');
    await reset();
    await page.getByLabel('Event', { exact: true }).selectOption('signup');
    await shows(page, 'bob');
    await reset();
    await page.getByLabel('Problem').selectOption('no_earlier_decision');
    await shows(page, 'eve');
    await reset();
    await page.getByRole('button', { name: 'with warnings: show only these' }).click();
    await shows(page, 'bob');
    await reset();
    await page.getByRole('button', { name: 'Show events of banner' }).click();
    await shows(page, 'ada', 'bob', 'ada', 'bob');
  });

  it('says in words what nothing matches, and the way back', async () => {
    const { page, endpoint } = await pages.open();
    await post(endpoint, variedBatch());
    await shows(page, ...ALL);
    await page.getByLabel('Visitor').fill('zoe');
    await page.getByLabel('Event', { exact: true }).selectOption('signup');
    await page
      .getByText('None of the events that are kept has “zoe” in its visitor id and is a conversion signup.')
      .waitFor();
    await page.getByRole('button', { name: 'Show all events' }).click();
    await shows(page, ...ALL);
  });

  it('has filters, order and selection in its URL, so that a link shows the same and back undoes a step', async () => {
    const { page, url, endpoint } = await pages.open();
    await post(endpoint, variedBatch());
    await shows(page, ...ALL);
    await page.getByLabel('Visitor').pressSequentially('bob');
    await shows(page, 'bob', 'bob');
    await page.getByLabel('Problem').selectOption('warning');
    await shows(page, 'bob');
    await page.getByLabel('Order').selectOption('oldest first');
    await page.locator('#rows .event').click();
    await page.getByRole('heading', { name: 'Payload' }).waitFor();
    expect(new URL(page.url()).search).to.equal('?visitor=bob&problem=warning&sort=oldest&open=1%2F5');

    const linked = await pages.visit(url, new URL(page.url()).search);
    await linked.page.getByRole('heading', { name: 'Conversion', exact: true }).waitFor();
    await shows(linked.page, 'bob');
    expect(await linked.page.getByLabel('Order').inputValue()).to.equal('oldest');

    await page.goBack();
    await page.locator('#detail').waitFor({ state: 'detached' });
    await page.goBack();
    await page.goBack();
    await shows(page, 'bob', 'bob');
    expect(await page.getByLabel('Problem').inputValue()).to.equal('');
    // Typing was one step, not three.
    await page.goBack();
    await shows(page, ...ALL);
    expect(await page.getByLabel('Visitor').inputValue()).to.equal('');
    await page.goForward();
    await page.goForward();
    await shows(page, 'bob');
    expect(await page.getByLabel('Problem').inputValue()).to.equal('warning');
  });

  it('begins with the oldest if asked to', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, crowd(2, 'first'));
    await post(endpoint, crowd(1, 'second'));
    await shows(page, 'second0', 'first0', 'first1');
    await page.getByLabel('Order').selectOption('oldest first');
    await shows(page, 'first0', 'first1', 'second0');
    await post(endpoint, crowd(1, 'third'));
    await shows(page, 'first0', 'first1', 'second0', 'third0');
    expect(await rows.first().textContent()).to.contain('Batch 1');
  });

  it('is used by keyboard alone', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, variedBatch());
    await rows.nth(6).waitFor();
    await page.keyboard.press('/');
    await page.waitForFunction(() => document.activeElement?.id === 'filter-visitor');
    await page.keyboard.press('Escape');
    expect(await focused(page)).to.equal('grid');
    for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowDown');
    const active = rows.filter({ hasText: 'revenue 42.05' });
    await page.locator('#rows .active', { hasText: 'revenue 42.05' }).waitFor();
    expect(await page.locator('#grid').getAttribute('aria-activedescendant')).to.equal(
      await active.getAttribute('id'),
    );
    expect(await active.getAttribute('aria-selected')).to.equal('true');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Conversion', exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'detail');
    const meaning = await page.getByRole('region', { name: 'Meaning' }).textContent();
    expect(meaning)
      .to.match(/Event\s*purchase\s*300/)
      .and.to.match(/Revenue\s*42\.05\s*4205 cents/)
      .and.to.match(/Counts for\s*banner: control/);
    const payload = JSON.parse((await page.locator('#detail pre').textContent()) ?? '');
    expect(payload).to.have.property('visitor_id', 'ada');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.id === 'grid');
    expect(await page.locator('#detail').count()).to.equal(0);
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Batch 1' }).waitFor();
  });

  it('stands still while it is read, and follows again when asked to', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, variedBatch());
    await rows.nth(6).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await post(endpoint, variedBatch());
    await page.getByRole('button', { name: 'Show 6 newer events' }).click();
    await rows.filter({ hasText: 'Batch 2' }).waitFor();
    await page.getByRole('button', { name: 'newer' }).waitFor({ state: 'hidden' });
    expect(await rows.count()).to.equal(14);
  });

  it('keeps the place that it was scrolled to while events come', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, crowd(200));
    await rows.filter({ hasText: 'v3' }).first().waitFor();
    await page.locator('#grid').evaluate(grid => grid.scrollTo(0, 3_000));
    const row = rows.filter({ hasText: /v90$/ });
    await row.waitFor();
    const before = await row.boundingBox();
    await post(endpoint, crowd(50, 'later'));
    await page.getByRole('button', { name: 'Show 50 newer events' }).waitFor();
    expect(await row.boundingBox()).to.deep.equal(before);
    await page.locator('#grid').evaluate(grid => grid.scrollTo(0, 0));
    await rows.filter({ hasText: 'later0' }).waitFor();
  });

  it('keeps the place of what is read when it begins with the oldest and those are dropped', async () => {
    const { page, endpoint, rows } = await pages.open({
      args: ['--keep', '300'],
      query: '?sort=oldest&view=events',
    });
    await post(endpoint, crowd(100, 'a'));
    await post(endpoint, crowd(100, 'b'));
    await rowCount(page, 202);
    await page.locator('#grid').evaluate(grid => grid.scrollTo(0, 5_000));
    const row = rows.filter({ hasText: /b55$/ });
    await row.waitFor();
    const before = await row.boundingBox();
    await row.evaluate(element => Object.assign(element, { isTheSame: true }));
    await post(endpoint, crowd(200, 'c'));
    await page.locator('.figure', { hasText: 'Oldest dropped' }).getByText('100').waitFor();
    await rowCount(page, 302);
    expect((await row.boundingBox())?.y).to.be.closeTo(before?.y ?? 0, 2);
    expect(await row.evaluate(element => 'isTheSame' in element)).to.equal(true);
  });

  it('leaves selected text, the focus and open choices alone while events come', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, variedBatch());
    const cell = rows.filter({ hasText: 'cyd' }).locator('.visitor');
    await cell.waitFor();
    await page.getByLabel('Visitor').focus();
    await cell.evaluate(element => getSelection()?.selectAllChildren(element));
    const selected = () => page.evaluate(() => String(getSelection()));
    expect(await selected()).to.equal('cyd');
    for (let batch = 0; batch < 3; batch++) await post(endpoint, crowd(100, `later${batch}-`));
    await page.getByRole('button', { name: 'Show 300 newer events' }).waitFor();
    expect(await selected()).to.equal('cyd');
    expect(await focused(page)).to.equal('filter-visitor');
    await page.evaluate(() => getSelection()?.removeAllRanges());
    await rows.filter({ hasText: 'later2-0' }).first().waitFor();
  });

  it('keeps the text that is selected in details while they are asked for again', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, variedBatch());
    await rows.filter({ has: page.locator('.visitor', { hasText: /^eve$/ }) }).click();
    const payload = page.locator('#detail pre');
    await payload.evaluate(element => getSelection()?.selectAllChildren(element));
    const before = await page.evaluate(() => String(getSelection()));
    await page.locator('#detail').getByText('no earlier decision').waitFor();
    await post(endpoint, batchOf([impression({ visitorId: 'eve', timestamp: Date.now() - 60_000 })]));
    await page.locator('#detail').getByText('Nothing wrong was found').waitFor();
    expect(await page.evaluate(() => String(getSelection()))).to.equal(before);
  });

  it('stands still while the page is paused, whatever is filtered, and says what it does not show', async () => {
    const { page, endpoint, rows } = await pages.open();
    await post(endpoint, crowd(3, 'a'));
    await rows.filter({ hasText: 'a0' }).waitFor();
    const impressions = page.locator('.figure', { hasText: 'Impressions' }).locator('.number');
    await impressions.getByText('3').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('nothing has come since').waitFor();
    await post(endpoint, crowd(2, 'b'));
    await page.getByText('2 events since').waitFor();
    await page.getByLabel('Visitor').fill('b');
    await page.getByText('No event matches').waitFor();
    await page.getByRole('button', { name: 'Show all events' }).click();
    await shows(page, 'a0', 'a1', 'a2');
    expect(await impressions.textContent()).to.equal('3');
    await page.getByRole('button', { name: 'Go on' }).click();
    await shows(page, 'b0', 'b1', 'a0', 'a1', 'a2');
    await impressions.getByText('5').waitFor();
  });

  it('is copied and downloaded as JSON lines of what is shown', async () => {
    const { page, endpoint } = await pages.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await post(endpoint, variedBatch());
    await shows(page, ...ALL);
    await page.getByLabel('Visitor').fill('ada');
    await shows(page, 'ada', 'ada');
    const subjects = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as ExportedEvent)
        .map(({ visitorId, subject }) => `${visitorId} ${subject}`);
    await page.getByRole('button', { name: 'the events that are shown' }).click();
    await page.getByText('Copied').waitFor();
    expect(subjects(await page.evaluate(() => navigator.clipboard.readText()))).to.deep.equal([
      'ada banner',
      'ada purchase',
    ]);
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).to.equal('optimizely-events.jsonl');
    expect(subjects(await readFile(await download.path(), 'utf8'))).to.deep.equal([
      'ada banner',
      'ada purchase',
    ]);
  });

  it('fits windows of 320 to 2,560 pixels: nothing is cut off by the window, and no column lies on another', async () => {
    const { page, endpoint, rows } = await pages.open({ query: '?view=events' });
    const long = 'a-visitor-id-that-is-much-longer-than-its-column-'.repeat(3);
    const withLongIds = variedBatch().visitors.map(visitor => ({ ...(visitor as object), visitor_id: long }));
    await post(endpoint, variedBatch());
    await post(endpoint, { ...variedBatch(), visitors: withLongIds });
    await post(`${endpoint}/wrong`, 'x'.repeat(500));
    await rows.nth(3).waitFor();
    for (const width of [
      320, 360, 480, 640, 860, 870, 1_024, 1_100, 1_280, 1_440, 1_690, 1_700, 1_920, 2_560,
    ]) {
      await page.setViewportSize({ width, height: 900 });
      await rows.first().waitFor();
      const found = await page.evaluate(misfits);
      expect(found, `at ${width} pixels`).to.deep.equal([]);
    }
  });
});

/** Runs in the page. */
function misfits(): string[] {
  const found: string[] = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
  for (const row of document.querySelectorAll('#grid .row')) {
    const outer = row.getBoundingClientRect();
    if (outer.width === 0) continue;
    const filled = [...row.children].filter(({ textContent }) => textContent !== '');
    const cells = filled.map(cell => cell.getBoundingClientRect()).filter(({ width }) => width > 0);
    for (const [place, cell] of cells.entries()) {
      if (cell.left < outer.left - 1 || cell.right > outer.right + 1 || cell.bottom > outer.bottom + 1)
        found.push(`cell ${place} leaves its row: ${row.textContent}`);
      for (const other of cells.slice(place + 1)) {
        const apart =
          other.left >= cell.right - 1 ||
          cell.left >= other.right - 1 ||
          other.top >= cell.bottom - 1 ||
          cell.top >= other.bottom - 1;
        if (!apart) found.push(`cell ${place} lies on another: ${row.textContent}`);
      }
    }
  }
  return found;
}
