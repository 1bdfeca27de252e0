// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../../view/types.js';
import { useStore } from '../state/store.js';
import { count } from '../ui/format.js';

interface Figure {
  readonly label: string;
  readonly value: number;
  /** Shows these events alone. */
  readonly problem?: 'lost' | 'warning' | 'refused';
}

/** How much has come, and how much of it would not count. */
export function Figures() {
  const store = useStore();
  const overview = store.overview.value;
  if (overview === undefined) return null;
  return (
    <dl class="figures" aria-label="Figures">
      {figuresOf(overview).map(({ label, value, problem }) => (
        <div key={label} class={`figure ${problem !== undefined && value > 0 ? problem : ''}`}>
          <dt>{label}</dt>
          <dd>
            {problem === undefined || value === 0 ? (
              <span class="number">{count(value)}</span>
            ) : (
              <button
                type="button"
                class="number"
                title={`Show only: ${label.toLowerCase()}`}
                onClick={() => store.showOnly({ problem })}
              >
                {count(value)}
                <span class="unseen"> {label.toLowerCase()}: show only these</span>
              </button>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function figuresOf({ tick, impressions, conversions, lost, warned, refused }: Overview): Figure[] {
  const figures: Figure[] = [
    { label: 'Batches', value: tick.batches },
    { label: 'Impressions', value: impressions },
    { label: 'Conversions', value: conversions },
    { label: 'Not counted', value: lost, problem: 'lost' },
    { label: 'With warnings', value: warned, problem: 'warning' },
    { label: 'Refused requests', value: refused, problem: 'refused' },
  ];
  return tick.droppedEvents > 0
    ? [...figures, { label: 'Oldest dropped', value: tick.droppedEvents }]
    : figures;
}
