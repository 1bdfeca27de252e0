// SPDX-License-Identifier: Apache-2.0
import type { AmountView, EstimateView, MetricView, RateView } from '../../view/types.js';
import { amount, cents, count, percent, points, signedPercent } from '../ui/format.js';
import type { RateAxis } from './axis.js';
import { RateBar } from './rate-bar.js';

interface MetricProps {
  readonly metric: MetricView;
  readonly axis: RateAxis;
}

/** One event, by variation: who converted, how far that is from the baseline, and what it brought. */
export function MetricRates({ metric: { eventId, eventKey, rates }, axis }: MetricProps) {
  return (
    <section class="metric" aria-label={`Event ${eventKey}`}>
      <h5>
        {eventKey} {eventId !== '' && eventId !== eventKey && <span class="id-beside">id {eventId}</span>}
      </h5>
      <ul class="rates">
        {rates.map(rate => (
          <li key={rate.variationId}>
            <p class="name">
              {rate.key || rate.variationId}
              {rate.baseline && <span class="tag">baseline</span>}
            </p>
            <p class="of-visitors">{figuresOf(rate)}</p>
            {rate.visitors > 0 && <RateBar rate={rate} eventKey={eventKey} axis={axis} />}
            {comparisonsOf(rate).map(line => (
              <p key={line} class="comparison">
                {line}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function figuresOf({ visitors, converted, conversions, rate, low, high }: RateView): string {
  if (visitors === 0) return 'no visitors';
  const all = conversions === converted ? '' : `, ${count(conversions)} conversions`;
  return `${percent(rate)} (${percent(low)} to ${percent(high)}), ${count(converted)} of ${count(visitors)}${all}`;
}

function comparisonsOf({ difference, lift, revenue, value }: RateView): string[] {
  const against = [
    difference && `${points(difference.estimate)} (${interval(difference, points)})`,
    lift && `lift ${signedPercent(lift.estimate)} (${interval(lift, signedPercent)})`,
  ].filter(text => text !== undefined);
  return [
    ...(against.length === 0 ? [] : [`Against the baseline: ${against.join(', ')}`]),
    ...(revenue === undefined ? [] : [amountLine('Revenue', revenue, cents)]),
    ...(value === undefined ? [] : [amountLine('Value', value, amount)]),
  ];
}

function amountLine(
  name: string,
  { total, perVisitor, difference }: AmountView,
  write: (n: number) => string,
): string {
  const parts = [`${name}: ${write(total)}`];
  if (perVisitor !== undefined) {
    parts.push(`${write(perVisitor.estimate)} a visitor (${interval(perVisitor, write)})`);
  }
  const signed = (number: number) => `${number > 0 ? '+' : ''}${write(number)}`;
  if (difference !== undefined) {
    parts.push(`against the baseline ${signed(difference.estimate)} (${interval(difference, signed)})`);
  }
  return parts.join(', ');
}

function interval({ low, high }: EstimateView, write: (number: number) => string): string {
  return `${write(low)} to ${write(high)}`;
}
