// SPDX-License-Identifier: Apache-2.0
//
// The people in front of their browsers.
import { setTimeout as pause } from 'node:timers/promises';
import { fractionOf, hexOf } from './hash.js';
import { VISITORS_AT_ONCE } from './settings.js';

const USER_AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0',
];

export class Crowd {
  /** Visitor ids, in order of arrival. */
  readonly ids: string[] = [];
  /** What the shop says it recorded: uuids, or 'refused'. */
  readonly recorded: string[] = [];
  readonly #shopUrl: string;
  readonly #onLeave: (left: number) => void;
  #left = 0;

  /** @param onLeave told how many have left the shop, whenever one does */
  constructor(shopUrl: string, onLeave: (left: number) => void) {
    this.#shopUrl = shopUrl;
    this.#onLeave = onLeave;
  }

  /** Lets so many more visitors in, and waits until the last of them has left. */
  async letIn(count: number): Promise<void> {
    const until = this.ids.length + count;
    const door = async () => {
      while (this.ids.length < until) await this.#visit();
    };
    await Promise.all(Array.from({ length: Math.min(count, VISITORS_AT_ONCE) }, door));
  }

  async #visit(): Promise<void> {
    const id = `visitor-${hexOf(`visitor ${this.ids.length + 1}`, 12)}`;
    this.ids.push(id);
    const browse = makeBrowser(this.#shopUrl, id, this.recorded);
    const chance = (of: string) => fractionOf(`${of}/${id}`);

    const { hero } = await browse('GET', '/product');
    if (chance('second look') < 0.3) await browse('GET', '/product');
    if (chance('add to cart') < (hero === 'beach' ? 0.7 : 0.6)) {
      await browse('POST', `/cart?sku=${chance('sku') < 0.5 ? 'mug' : 'shirt'}`);
      if (chance('more') < 0.25) await browse('POST', '/cart?sku=poster');
      const { flow } = await browse('GET', '/checkout');
      if (chance('purchase') < (flow === 'one_page' ? 0.7 : 0.5)) await browse('POST', '/purchase');
    }
    this.#onLeave(++this.#left);
  }
}

/** One browser: its requests come one after the other, in one trace, as a browser with OpenTelemetry begins it. */
function makeBrowser(shopUrl: string, visitorId: string, recorded: string[]) {
  const headers = {
    cookie: `visitor=${visitorId}`,
    traceparent: `00-${hexOf(`trace ${visitorId}`, 32)}-${hexOf(`span ${visitorId}`, 16)}-01`,
    'user-agent': USER_AGENTS[fractionOf(`device/${visitorId}`) < 0.5 ? 0 : 1] ?? '',
  };
  return async (method: 'GET' | 'POST', path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(new URL(path, shopUrl), { method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    recorded.push(...(response.headers.get('x-recorded') ?? '').split(',').filter(Boolean));
    const body = (await response.json()) as Record<string, unknown>;
    // Reading the page takes a while. Optimizely counts a conversion only if its timestamp is later than the
    // impression's, in milliseconds, which people always achieve.
    await pause(3 + 12 * fractionOf(`${path}/${visitorId}`));
    return body;
  };
}
