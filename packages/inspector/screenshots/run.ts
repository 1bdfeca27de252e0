// SPDX-License-Identifier: Apache-2.0
//
// npm run screenshots: starts the inspector, sends it a demo shop's traffic and some mistakes, and takes the pictures of
// the README.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../test/support/chromium.js';
import { DATAFILE } from './datafile.js';
import { Shop, sendMistakes } from './traffic.js';

const CLI = new URL('../dist/cli/index.js', import.meta.url).pathname;
const DOCS = new URL('../../../docs/', import.meta.url).pathname;
const SIZE = { width: 1_280, height: 800 };

async function startInspector(datafile: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [CLI, 'inspect', '--port', '0', '--datafile', datafile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', chunk => {
      text += String(chunk);
      const found = /Page\s+(http:\S+)\n/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error('the inspector did not start')));
  });
  return { child, url };
}

async function picture(page: Page, theme: 'light' | 'dark', file: string): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-theme=${theme}]`).waitFor();
  await page.screenshot({ animations: 'disabled', path: file });
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('no Chromium was found: apt-get install chromium');
const extra = process.argv[2];
const folder = await mkdtemp(join(tmpdir(), 'inspector-'));
const datafile = join(folder, 'datafile.json');
await writeFile(datafile, JSON.stringify(DATAFILE));
const { child, url } = await startInspector(datafile);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(url);
  await page.getByText('Waiting for the first batch').waitFor();
  if (extra !== undefined) await picture(page, 'light', join(extra, 'empty.png'));
  const endpoint = `${url}v1/events`;
  const shop = new Shop(endpoint);
  await shop.letIn(900);
  await sendMistakes(endpoint);
  await shop.letIn(1);
  await shop.close();
  await page.getByText('Sample ratio mismatch').first().waitFor();
  await page.getByRole('row').filter({ hasText: 'timestamp not millis' }).waitFor();
  for (const theme of ['light', 'dark'] as const)
    await picture(page, theme, join(DOCS, `inspector-${theme}.png`));
  if (extra !== undefined) await more(page, extra);
} finally {
  await browser.close();
  child.kill();
  await rm(folder, { recursive: true });
}

/** More pictures, for work on the page. */
async function more(page: Page, directory: string): Promise<void> {
  const both = async (name: string) => {
    for (const theme of ['light', 'dark'] as const)
      await picture(page, theme, join(directory, `${name}-${theme}.png`));
  };
  await page.emulateMedia({ forcedColors: 'active' });
  await picture(page, 'light', join(directory, 'forced-colors.png'));
  await page.emulateMedia({ forcedColors: 'none' });
  await page.getByRole('row').filter({ hasText: 'no earlier decision' }).click();
  await page.getByRole('heading', { name: 'Payload' }).waitFor();
  await both('detail');
  await page.getByRole('button', { name: 'Timeline of this visitor' }).click();
  await page.getByRole('list', { name: 'Timeline' }).waitFor();
  await both('timeline');
  await page.setViewportSize({ width: 2_560, height: 1_300 });
  await picture(page, 'light', join(directory, 'large.png'));
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 390, height: 844 });
  await both('narrow-experiments');
  await page.getByRole('button', { name: 'Events', exact: true }).click();
  await page.getByRole('row').filter({ hasText: 'no earlier decision' }).waitFor();
  await both('narrow-events');
  await page.setViewportSize({ width: 320, height: 256 });
  await page.screenshot({ animations: 'disabled', path: join(directory, 'zoomed.png'), fullPage: true });
}
