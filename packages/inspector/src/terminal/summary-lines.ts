// SPDX-License-Identifier: Apache-2.0

import { safeText } from 'opentelemetry-exporter-optimizely/testing';
import type { Inspection } from '../inspection/inspection.js';
import { severityOf } from '../inspection/problem.js';
import { summarize } from '../view/overview.js';
import type { ExperimentView } from '../view/types.js';
import { counted } from './counted.js';

type Style = (color: 'red' | 'yellow' | 'green' | 'dim' | 'bold', text: string) => string;

/** What was seen, for the end of a run. */
export function summaryLines(inspection: Inspection, style: Style): string[] {
  const { tick, impressions, conversions, lost, warned, refused, facets, experiments } =
    summarize(inspection);
  const seen = [
    counted(tick.batches, 'batch', 'batches'),
    counted(impressions, 'impression'),
    counted(conversions, 'conversion'),
  ];
  const lines = [style('bold', seen.join(', '))];
  if (lost > 0) lines.push(style('red', `✕ ${counted(lost, 'event')} would not count`));
  else if (tick.events > 0) lines.push(style('green', '✓ every event would count'));
  if (warned > 0) lines.push(style('yellow', `! ${counted(warned, 'more event')} with warnings`));
  if (refused > 0) lines.push(style('red', `✕ refused: ${counted(refused, 'request')}`));
  if (tick.droppedEvents > 0) {
    lines.push(`forgotten, and not in these figures: ${counted(tick.droppedEvents, 'older event')}`);
  }
  for (const { value, count } of facets.problems) {
    const text = `${count} × ${value}`;
    lines.push(severityOf(value) === 'lost' ? style('red', `  ✕ ${text}`) : style('yellow', `  ! ${text}`));
  }
  return [...lines, ...experiments.flatMap(experiment => experimentLines(experiment, style))];
}

function experimentLines(
  { key, kind, sampleRatio, variations, metrics }: ExperimentView,
  style: Style,
): string[] {
  const { verdict, pValue, explanation } = sampleRatio;
  const p = pValue === undefined ? '' : ` p = ${pValue.toPrecision(3)}`;
  const lines = [
    '',
    style('bold', `${kind} ${safeText(key)}`),
    verdict === 'mismatch' ? style('red', `  ✕ ${explanation}${p}`) : style('dim', `  ${explanation}${p}`),
  ];
  for (const { key: variation, visitors, impressions, share, expectedShare } of variations) {
    const expected =
      expectedShare === undefined ? 'no traffic expected' : `${percent(expectedShare)} expected`;
    lines.push(
      `  ${safeText(variation)}: ${counted(visitors, 'visitor')} (${percent(share)}, ${expected}), ${counted(impressions, 'impression')}`,
    );
  }
  for (const { eventKey, rates } of metrics) {
    lines.push(`  ${safeText(eventKey)}`);
    for (const { key: variation, visitors, converted, rate, low, high } of rates) {
      lines.push(
        `    ${safeText(variation)}: ${percent(rate)} (${percent(low)} to ${percent(high)}), ${converted} of ${counted(visitors, 'visitor')}`,
      );
    }
  }
  return lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
