// SPDX-License-Identifier: Apache-2.0
import type { RateView } from '../../view/types.js';
import { percent, shortPercent } from '../ui/format.js';
import type { RateAxis } from './axis.js';

const WIDTH = 1_000;
const HEIGHT = 20;

/** The scale of all bars below it. */
export function Axis({ axis }: { readonly axis: RateAxis }) {
  return (
    <div class="axis" aria-hidden="true">
      <span class="axis-label">Visitors who converted</span>
      <span class="ticks">
        {axis.ticks.map(tick => (
          <span key={tick}>{shortPercent(tick)}</span>
        ))}
      </span>
    </div>
  );
}

interface RateBarProps {
  readonly rate: RateView;
  readonly eventKey: string;
  readonly axis: RateAxis;
}

/** A conversion rate with its interval. */
export function RateBar({ rate: { key, rate, low, high }, eventKey, axis }: RateBarProps) {
  const at = (share: number) => Math.round((share / axis.end) * WIDTH);
  const cap = (share: number) => (
    <line class="interval" x1={at(share)} x2={at(share)} y1={3} y2={HEIGHT - 3} />
  );
  const name = `${eventKey}, ${key}: rate ${percent(rate)}, 95 percent interval ${percent(low)} to ${percent(high)}`;
  return (
    <svg
      class="bar"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={name}
    >
      <rect class="track" width={WIDTH} height={HEIGHT} />
      <rect class="rate" width={at(rate)} height={HEIGHT} />
      {axis.ticks.slice(1, -1).map(tick => (
        <line key={tick} class="tick" x1={at(tick)} x2={at(tick)} y1={0} y2={HEIGHT} />
      ))}
      <line class="interval" x1={at(low)} x2={at(high)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      {cap(low)}
      {cap(high)}
    </svg>
  );
}
