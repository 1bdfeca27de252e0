// SPDX-License-Identifier: Apache-2.0
import type { ExperimentView } from '../../view/types.js';
import { useStore } from '../state/store.js';
import { counted } from '../ui/format.js';
import { Diagnosis } from './diagnosis.js';
import { Scorecard } from './scorecard.js';

/** One experiment: why it has no results, then its figures. */
export function ExperimentCard({ experiment }: { readonly experiment: ExperimentView }) {
  const store = useStore();
  const shared = store.overview.value?.diagnosis;
  const { id, key, kind, status, flagKeys, visitors, impressions, diagnosis } = experiment;
  const subtitle = [
    kind,
    status !== '' && status.toLowerCase(),
    flagKeys.length > 0 && `flag ${flagKeys.join(', ')}`,
    counted(visitors, 'visitor'),
    counted(impressions, 'impression'),
  ];
  return (
    <article class={`card ${diagnosis.state}`} aria-label={key}>
      <h3>{key}</h3>
      <p class="subtitle">
        {subtitle.filter(Boolean).join(' · ')}
        {impressions > 0 && (
          <button type="button" class="quiet" onClick={() => store.showOnly({ experiment: id })}>
            Show events<span class="unseen"> of {key}</span>
          </button>
        )}
      </p>
      <Diagnosis diagnosis={diagnosis} of={key} {...(shared && { shared })} />
      {visitors > 0 && <Scorecard experiment={experiment} />}
    </article>
  );
}
