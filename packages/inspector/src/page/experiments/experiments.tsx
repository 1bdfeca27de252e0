// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../../view/types.js';
import { useStore } from '../state/store.js';
import { counted } from '../ui/format.js';
import { Diagnosis } from './diagnosis.js';
import { ExperimentCard } from './experiment-card.js';

/** What keeps all experiments from having results, then each of them. */
export function Experiments() {
  const overview = useStore().overview.value;
  if (overview === undefined) return null;
  const { experiments, diagnosis } = overview;
  const concernsAll = diagnosis.state === 'cause' || diagnosis.state === 'suspect';
  return (
    <section id="experiments" class="experiments" aria-labelledby="experiments-heading" tabIndex={0}>
      <h2 id="experiments-heading">Why no results?</h2>
      {notesOf(overview).map(note => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      {concernsAll && (
        <article class={`card ${diagnosis.state}`} aria-label="All experiments">
          <h3>All experiments</h3>
          <Diagnosis diagnosis={diagnosis} of="all experiments" />
        </article>
      )}
      {experiments.map(experiment => (
        <ExperimentCard key={experiment.id} experiment={experiment} />
      ))}
    </section>
  );
}

function notesOf({ experiments, datafile, forgottenVisitors }: Overview): string[] {
  const notes = [];
  if (experiments.length === 0)
    notes.push('No experiment yet: they appear with the first impression that counts.');
  if (datafile.state === 'none' && experiments.length > 0)
    notes.push(
      'Without a datafile the expected split is taken to be equal, and keys are those that impressions bring.',
    );
  if (forgottenVisitors > 0)
    notes.push(
      `${counted(forgottenVisitors, 'visitor')} had to be forgotten: one that comes back is counted again.`,
    );
  return notes;
}
