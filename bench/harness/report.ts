// SPDX-License-Identifier: Apache-2.0
import type { Result, Row, Spread, Target } from './row.js';

/** A line of the table for people. */
export function toLine({ name, peer, unit, target, ratio, more, ours, theirs, met }: Result) {
  return {
    measure: name,
    'compared with': peer,
    ratio: ratio.median.toFixed(2),
    'min to max': `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`,
    ours: figure(ours, unit),
    "peer's": figure(theirs, unit),
    more: target?.atMostMore === undefined ? '' : figure(more, unit),
    target: target === undefined ? '' : describe(target, unit),
    met: met === undefined ? '' : met ? 'yes' : 'NO',
  };
}

function describe({ atLeast, atMost, atMostMore }: Target, unit: Row['unit']): string {
  const parts: string[] = [];
  if (atLeast !== undefined) parts.push(`>= ${atLeast} x speed`);
  if (atMost !== undefined) parts.push(`<= ${Number(atMost.toPrecision(2))}`);
  if (atMostMore !== undefined) parts.push(`<= ${atMostMore} ${unit} more`);
  return parts.join(' or ');
}

function figure({ median }: Spread, unit: Row['unit']): string {
  return unit === 'ms' ? `${median.toFixed(2)} ms` : `${Math.round(median).toLocaleString('en')} ${unit}`;
}
