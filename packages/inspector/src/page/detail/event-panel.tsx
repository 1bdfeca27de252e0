// SPDX-License-Identifier: Apache-2.0
import { Fragment } from 'preact';
import type { Detail, MeaningLine } from '../../view/types.js';
import { canBeAskedFor, fetchDetail } from '../state/api.js';
import { useStore } from '../state/store.js';
import { CopyButton } from '../ui/copy-button.js';
import { ProblemBadge } from '../ui/problem-badge.js';
import { VisibleText } from '../ui/visible-text.js';
import { SidePanel } from './side-panel.js';
import { useFetched } from './use-fetched.js';

/** One event or request, whole: what is wrong with it, what it means, and what was sent. */
export function EventPanel({ place }: { readonly place: string }) {
  const fetched = useFetched(place, fetchDetail);
  switch (fetched.state) {
    case 'waiting':
      return (
        <SidePanel subject={place} title="…">
          <p>Loading</p>
        </SidePanel>
      );
    case 'gone':
      return (
        <SidePanel subject={place} title="Not here any more">
          <p>It was dropped to make room for newer events, or cleared, or the inspector was started again.</p>
        </SidePanel>
      );
    case 'here':
      return (
        <SidePanel subject={place} title={fetched.value.title}>
          <Content detail={fetched.value} />
        </SidePanel>
      );
  }
}

function Content({ detail: { problems, meaning, payload } }: { readonly detail: Detail }) {
  return (
    <>
      {problems.length === 0 ? (
        <p class="headline good">
          <span class="sign" aria-hidden="true">
            ✓
          </span>
          Nothing wrong was found.
        </p>
      ) : (
        <ul class="problems" aria-label="Problems">
          {problems.map(problem => (
            <li key={problem.code + problem.message}>
              <ProblemBadge problem={problem} />
              <p>{problem.message}</p>
            </li>
          ))}
        </ul>
      )}
      <div class="halves">
        <section aria-label="Meaning">
          <h3>Meaning</h3>
          <dl>
            {meaning.map((line, place) => (
              <Meaning key={`${place} ${line.label}`} line={line} />
            ))}
          </dl>
        </section>
        <section aria-label="Payload">
          <h3>
            Payload
            <CopyButton label="Copy" of="the payload" text={() => payload} />
          </h3>
          <pre tabIndex={0}>{payload}</pre>
        </section>
      </div>
    </>
  );
}

function Meaning({ line: { label, meaning, id } }: { readonly line: MeaningLine }) {
  const store = useStore();
  return (
    <Fragment>
      <dt>{label}</dt>
      <dd>
        {meaning === '' ? '(empty)' : <VisibleText text={meaning} />}
        {id !== undefined && id !== meaning && <code class="id">{id}</code>}
        {label === 'Visitor' && canBeAskedFor(id ?? meaning) && (
          <button type="button" class="quiet" onClick={() => store.openVisitor(id ?? meaning)}>
            Timeline<span class="unseen"> of this visitor</span>
          </button>
        )}
      </dd>
    </Fragment>
  );
}
