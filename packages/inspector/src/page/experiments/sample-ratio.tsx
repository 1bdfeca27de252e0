// SPDX-License-Identifier: Apache-2.0
import type { SampleRatioView } from '../../view/types.js';
import { counted, pValue } from '../ui/format.js';

const SIGNS: Record<SampleRatioView['verdict'], [sign: string, style: string]> = {
  as_expected: ['✓', 'good'],
  mismatch: ['✕', 'lost'],
  no_traffic: ['✕', 'lost'],
  too_few: ['…', 'muted'],
  untestable: ['–', 'muted'],
  adaptive: ['–', 'muted'],
  unknown: ['–', 'muted'],
};

/** Whether visitors were divided as the datafile says. */
export function SampleRatio({ ratio }: { readonly ratio: SampleRatioView }) {
  const { verdict, pValue: p, explanation, segments } = ratio;
  const [sign, style] = SIGNS[verdict];
  return (
    <div class={`ratio ${style}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <div>
        <p>
          <strong>Split</strong> {explanation} {p !== undefined && <span class="p">{pValue(p)}</span>}
        </p>
        {segments.length > 1 && (
          <ul class="segments" aria-label="Traffic allocations">
            {segments.map(({ revisions, visitors, pValue: own }) => (
              <li key={revisions.join()}>
                {revisions.length === 1 ? 'revision' : 'revisions'} {revisions.join(', ')}:{' '}
                {counted(visitors, 'visitor')}
                {own !== undefined && `, ${pValue(own)}`}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
