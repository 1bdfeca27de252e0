// SPDX-License-Identifier: Apache-2.0

import { safeText } from 'opentelemetry-exporter-optimizely/testing';
import type { Inspection } from '../inspection/inspection.js';
import { severityOf } from '../inspection/problem.js';
import { visibleText } from '../util/visible-text.js';
import { summarize } from '../view/overview.js';
import type { DiagnosisView, EstimateView, ExperimentView } from '../view/types.js';
import { counted } from './counted.js';

type Style = (color: 'red' | 'yellow' | 'green' | 'dim' | 'bold', text: string) => string;

/** What was seen, and what keeps experiments from having results, for the end of a run. */
export function summaryLines(inspection: Inspection, style: Style, forwardsTo?: string): string[] {
  const summary = summarize(inspection, forwardsTo);
  const { tick, impressions, conversions, lost, warned, refused, facets, experiments, diagnosis, plumbing } =
    summary;
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
  if (diagnosis.rootCause !== undefined) lines.push(causeLine(diagnosis, style));
  const used = experiments.filter(
    ({ impressions, diagnosis: { state } }) => impressions > 0 || state === 'cause',
  );
  lines.push(...used.flatMap(experiment => experimentLines(experiment, style)));
  if (used.some(({ metrics }) => metrics.length > 0)) {
    lines.push('', style('dim', `Rates are ${plumbing.note}: ${plumbing.decides.url}`));
  }
  return lines;
}

/** The root cause by its name, or that there is none. */
function causeLine({ state, rootCause, headline }: DiagnosisView, style: Style): string {
  const text = visibleText(headline);
  switch (state) {
    case 'cause':
      return style('red', `  ✕ ${rootCause}: ${text}`);
    case 'suspect':
      return style('yellow', `  ! ${rootCause}: ${text}`);
    case 'healthy':
      return style('green', `  ✓ ${text}`);
    case 'waiting':
      return style('dim', `  … ${text}`);
  }
}

function experimentLines(
  { key, kind, diagnosis, sampleRatio, variations, metrics }: ExperimentView,
  style: Style,
): string[] {
  const { verdict, pValue, explanation } = sampleRatio;
  const p = pValue === undefined ? '' : ` p = ${pValue.toPrecision(3)}`;
  const lines = [
    '',
    style('bold', `${kind} ${safeText(key)}`),
    causeLine(diagnosis, style),
    verdict === 'mismatch' || verdict === 'no_traffic'
      ? style('red', `  ✕ ${explanation}${p}`)
      : style('dim', `  ${explanation}${p}`),
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
    for (const { key: variation, visitors, converted, rate, low, high, lift } of rates) {
      lines.push(
        `    ${safeText(variation)}: ${percent(rate)} (${percent(low)} to ${percent(high)}), ${converted} of ${counted(visitors, 'visitor')}${liftOf(lift)}`,
      );
    }
  }
  return lines;
}

function liftOf(lift: EstimateView | undefined): string {
  if (lift === undefined) return '';
  return `, lift ${signed(lift.estimate)} (${signed(lift.low)} to ${signed(lift.high)})`;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
