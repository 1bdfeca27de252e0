// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../../view/types.js';
import { type ListFilter, NO_FILTER } from '../state/address.js';
import { useStore } from '../state/store.js';
import { words } from '../ui/format.js';

/** Says in words why the list is empty. */
export function EmptyList() {
  const { navigation, overview } = useStore();
  const filter = navigation.address.value;
  return (
    <div class="empty-list">
      <h3>No event matches</h3>
      <p>None of the events that are kept {conditionsOf(filter, overview.value).join(' and ')}.</p>
      <button type="button" onClick={() => navigation.go(NO_FILTER)}>
        Show all events
      </button>
    </div>
  );
}

function conditionsOf(filter: ListFilter, overview: Overview | undefined): string[] {
  const experiment =
    overview?.experiments.find(({ id }) => id === filter.experiment)?.key ?? filter.experiment;
  const conditions = [
    filter.visitor !== '' && `has “${filter.visitor}” in its visitor id`,
    filter.search !== '' && `has “${filter.search}” in its payload`,
    filter.experiment !== '' && `concerns the experiment ${experiment}`,
    filter.event !== '' && `is a conversion ${filter.event}`,
    filter.problem !== '' && problemWords(filter.problem),
    filter.check !== '' && `is evidence of “${words(filter.check)}”`,
  ];
  return conditions.filter(condition => condition !== false);
}

function problemWords(problem: string): string {
  if (problem === 'any') return 'has a problem';
  if (problem === 'lost') return 'is one that would not count';
  return problem === 'warning' ? 'has a warning' : `has the problem “${words(problem)}”`;
}
