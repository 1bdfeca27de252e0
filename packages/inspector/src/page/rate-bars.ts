// SPDX-License-Identifier: Apache-2.0
import type { RateView } from '../view/types.js';
import { h, svg } from './dom.js';
import { count, percent } from './format.js';

const WIDTH = 1_000;
const HEIGHT = 20;

/** Conversion rates as bars, each with its 95 % interval, all to one scale. */
export function renderRates(rates: readonly RateView[]): HTMLElement {
  const most = scaleOf(rates);
  return h('ul', { class: 'rates' }, ...rates.map(rate => renderRate(rate, most)));
}

function renderRate(rate: RateView, most: number): HTMLElement {
  const figures =
    rate.visitors === 0
      ? 'no visitors'
      : `${percent(rate.rate)} (${percent(rate.low)} to ${percent(rate.high)}), ${count(rate.converted)} of ${count(rate.visitors)}`;
  return h(
    'li',
    {},
    h('span', { class: 'name' }, rate.key),
    h('span', { class: 'figures' }, figures),
    rate.visitors > 0 && drawing(rate, most),
  );
}

function drawing({ key, rate, low, high }: RateView, most: number): Node {
  const at = (share: number) => String(Math.round((share / most) * WIDTH));
  const middle = String(HEIGHT / 2);
  const cap = (share: number) =>
    svg('line', { class: 'interval', x1: at(share), x2: at(share), y1: '4', y2: String(HEIGHT - 4) });
  return svg(
    'svg',
    {
      class: 'bar',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${key}: rate ${percent(rate)}, 95 percent interval ${percent(low)} to ${percent(high)}`,
    },
    svg('rect', { class: 'track', width: String(WIDTH), height: String(HEIGHT) }),
    svg('rect', { class: 'rate', width: at(rate), height: String(HEIGHT) }),
    svg('line', { class: 'interval', x1: at(low), x2: at(high), y1: middle, y2: middle }),
    cap(low),
    cap(high),
  );
}

/** A round share that holds every interval. */
function scaleOf(rates: readonly RateView[]): number {
  const highest = Math.max(0, ...rates.filter(({ visitors }) => visitors > 0).map(({ high }) => high));
  return [0.02, 0.05, 0.1, 0.2, 0.5].find(step => highest <= step) ?? 1;
}
