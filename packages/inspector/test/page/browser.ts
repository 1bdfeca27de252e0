// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../../test/support/chromium.js';
import { endCommands, startInspect } from '../command.js';
import { batchOf, conversion, impression, makeDatafile } from '../harness.js';

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Posts a batch, or any text. @returns the status of the answer */
export function post(endpoint: string, body: object | string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(endpoint, { method: 'POST', headers, agent }, response => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject);
    sent.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

export const at = (timestamp = Date.now() - 1_000) => ({ timestamp });

/** Some of everything: two experiments, a conversion without a decision, a warning. */
export function variedBatch() {
  const treatment = { variation_id: '1002' };
  const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
  return batchOf([
    impression({ visitorId: 'ada', ...at() }),
    impression({ visitorId: 'bob', decision: treatment, metadata: { variation_key: 'treatment' }, ...at() }),
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

/** A batch of so many impressions, each of a visitor of its own. */
export function crowd(count: number, name = 'v') {
  return batchOf(
    Array.from({ length: count }, (_, number) => impression({ visitorId: `${name}${number}`, ...at() })),
  );
}

/** The conversions bring other ids than the impressions: an invisible character is at their end. */
export async function sendLookalikes(endpoint: string): Promise<void> {
  const ids = Array.from({ length: 20 }, (_, number) => `visitor-${number}`);
  await post(endpoint, batchOf(ids.map(visitorId => impression({ visitorId, ...at() }))));
  const invisible = ids.map(visitorId => `${visitorId}\u200b`);
  await post(endpoint, batchOf(invisible.map(visitorId => conversion({ visitorId, ...at(Date.now()) }))));
}

/** What axe-core objects to on the page as it is. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

/** Chromium and inspectors, ended after each test. */
export class Pages {
  /** Of a project as `makeDatafile()` makes it. */
  datafile = '';
  directory = '';
  #browser: Browser | undefined;

  async start(executablePath: string): Promise<void> {
    this.#browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    this.directory = await mkdtemp(join(tmpdir(), 'page-'));
    this.datafile = join(this.directory, 'datafile.json');
    await writeFile(this.datafile, JSON.stringify(makeDatafile()));
  }

  async end(): Promise<void> {
    agent.destroy();
    await this.#browser?.close();
    await rm(this.directory, { recursive: true });
  }

  async endEach(): Promise<void> {
    for (const context of this.#browser?.contexts() ?? []) await context.close();
    endCommands();
  }

  /** An inspector of its own, and its page. */
  async open({ args = ['--datafile', this.datafile], query = '', ...options }: OpenOptions = {}) {
    const inspector = await startInspect(args);
    return { ...inspector, ...(await this.visit(inspector.url, query, options)) };
  }

  /** Another page of an inspector. Whatever it complains of, or asks elsewhere, is kept. */
  async visit(url: string, query = '', options: BrowserContextOptions = {}) {
    if (this.#browser === undefined) throw new Error('the browser has not started');
    const page = await this.#browser.newPage({ viewport: { width: 1_280, height: 800 }, ...options });
    const complaints: string[] = [];
    const foreign: string[] = [];
    page.on('console', message => complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error)));
    page.on('dialog', dialog => void dialog.dismiss().then(() => complaints.push(dialog.message())));
    page.on('request', sent => {
      if (!sent.url().startsWith(url) && !sent.url().startsWith('data:')) foreign.push(sent.url());
    });
    await page.goto(url + query);
    return { page, complaints, foreign, rows: page.locator('#rows .row') };
  }
}

type OpenOptions = BrowserContextOptions & { readonly args?: readonly string[]; readonly query?: string };

/** Tests in real Chromium, which say that they are skipped where there is none. */
export function describePage(title: string, define: (pages: Pages) => void): void {
  describe(title, function () {
    const executablePath = findChromium();
    if (executablePath === undefined) {
      it.skip('no Chromium was found on the PATH: install it (apt-get install chromium) to run these tests', () => {});
      return;
    }
    this.timeout(120_000);
    const pages = new Pages();
    before(() => pages.start(executablePath));
    after(() => pages.end());
    afterEach(() => pages.endEach());
    define(pages);
  });
}
