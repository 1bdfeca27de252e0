// SPDX-License-Identifier: Apache-2.0
import type { ExperimentView } from '../../view/types.js';
import { useStore } from '../state/store.js';
import { counted } from '../ui/format.js';
import { axisFor } from './axis.js';
import { MetricRates } from './metric-rates.js';
import { Axis } from './rate-bar.js';
import { SampleRatio } from './sample-ratio.js';
import { VariationTable } from './variation-table.js';

/** What has arrived for each variation. All bars have one axis. */
export function Scorecard({ experiment }: { readonly experiment: ExperimentView }) {
  const plumbing = useStore().overview.value?.plumbing;
  const { key, metrics, sampleRatio, severalVariations } = experiment;
  const axis = axisFor(metrics.flatMap(({ rates }) => rates));
  return (
    <section class="scorecard" aria-label={`Scorecard: ${key}`}>
      <h4>Scorecard</h4>
      {plumbing !== undefined && (
        <p class="note">
          This is {plumbing.note}:{' '}
          <a href={plumbing.decides.url} target="_blank" rel="noreferrer">
            {plumbing.decides.label}
          </a>
        </p>
      )}
      <SampleRatio ratio={sampleRatio} />
      <VariationTable experiment={experiment} />
      {severalVariations > 0 && (
        <p class="note">{counted(severalVariations, 'visitor')} saw more than one variation.</p>
      )}
      {metrics.length > 0 && (
        <>
          <Axis axis={axis} />
          {metrics.map(metric => (
            <MetricRates key={metric.eventId || metric.eventKey} metric={metric} axis={axis} />
          ))}
          <p class="note">Bars: visitors who converted. Brackets: the 95 % interval.</p>
        </>
      )}
    </section>
  );
}
