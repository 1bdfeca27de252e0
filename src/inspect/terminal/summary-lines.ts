// SPDX-License-Identifier: Apache-2.0
import type { Inspection } from '../inspection.js';
import { severityOf } from '../problem.js';
import { summarize } from '../view/overview.js';
import type { ExperimentView } from '../view/types.js';
import { safeText } from './safe-text.js';

type Style = (colour: 'red' | 'yellow' | 'green' | 'dim' | 'bold', text: string) => string;

/** What was seen, for the end of a run. */
export function summaryLines(inspection: Inspection, style: Style): string[] {
  const { tick, impressions, conversions, lost, warned, refused, facets, experiments } =
    summarize(inspection);
  const lines = [
    style('bold', `${tick.batches} batches, ${impressions} impressions, ${conversions} conversions`),
  ];
  if (lost > 0) lines.push(style('red', `✕ ${lost} events would not count`));
  else if (tick.events > 0) lines.push(style('green', '✓ every event would count'));
  if (warned > 0) lines.push(style('yellow', `! ${warned} more events have warnings`));
  if (refused > 0) lines.push(style('red', `✕ ${refused} requests were refused`));
  if (tick.droppedEvents > 0) {
    lines.push(`${tick.droppedEvents} older events were forgotten and are not in these figures`);
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
      `  ${safeText(variation)}: ${visitors} visitors (${percent(share)}, ${expected}), ${impressions} impressions`,
    );
  }
  for (const { eventKey, rates } of metrics) {
    lines.push(`  ${safeText(eventKey)}`);
    for (const { key: variation, visitors, converted, rate, low, high } of rates) {
      lines.push(
        `    ${safeText(variation)}: ${percent(rate)} (${percent(low)} to ${percent(high)}), ${converted} of ${visitors} visitors`,
      );
    }
  }
  return lines;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
