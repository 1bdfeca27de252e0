// SPDX-License-Identifier: Apache-2.0
import type { CheckState, CheckView, ExampleView } from '../../view/types.js';
import { canBeAskedFor } from '../state/api.js';
import { useStore } from '../state/store.js';
import { count as formatCount } from '../ui/format.js';
import { VisibleText } from '../ui/visible-text.js';

interface CheckProps {
  readonly check: CheckView;
  readonly of: string;
  readonly isRoot: boolean;
}

/** Told by sign and word, not by color alone. */
const STATES: Record<CheckState, [sign: string, style: string, words: string]> = {
  cause: ['✕', 'lost', 'cause'],
  suspect: ['!', 'warning', 'perhaps'],
  consequence: ['↳', 'muted', 'follows from it'],
  passed: ['✓', 'good', 'passed'],
  unknown: ['?', 'muted', 'can’t be told'],
  waiting: ['…', 'muted', 'waiting'],
};

/** One thing that may keep results away, what was found of it, and the way to the events that show it. */
export function Check({ check, of, isRoot }: CheckProps) {
  const store = useStore();
  const { title, state, count, sentence, evidence, examples, source } = check;
  const [sign, style, words] = STATES[state];
  return (
    <li class={`check ${style} ${isRoot ? 'root' : ''}`}>
      <p class="check-head">
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
        <span>
          <strong>{title}</strong>
          {state !== 'passed' && (
            <span class="tag">{isRoot && state === 'cause' ? 'root cause' : words}</span>
          )}
        </span>
        {count > 0 && <span class="count">{formatCount(count)}</span>}
      </p>
      <p class="sentence">{sentence}</p>
      <Examples examples={examples} />
      {(evidence !== undefined || source !== undefined) && (
        <p class="check-links">
          {evidence !== undefined && (
            <button type="button" class="quiet" onClick={() => store.showOnly(evidence)}>
              Show the evidence
              <span class="unseen">
                {' '}
                of “{title}”, {of}
              </span>
            </button>
          )}
          {source !== undefined && (
            <a href={source.url} target="_blank" rel="noreferrer">
              {source.label}
            </a>
          )}
        </p>
      )}
    </li>
  );
}

/** Keys and ids beside those that they look like. */
export function Examples({ examples }: { readonly examples: readonly ExampleView[] }) {
  const store = useStore();
  if (examples.length === 0) return null;
  return (
    <ul class="examples">
      {examples.map(({ found, expected, difference, visitorId }) => (
        <li key={`${found} ${expected}`}>
          {visitorId === undefined || !canBeAskedFor(visitorId) ? (
            <code>
              <VisibleText text={found} />
            </code>
          ) : (
            <button type="button" class="quiet" onClick={() => store.openVisitor(visitorId)}>
              <code>
                <VisibleText text={found} />
              </code>
              <span class="unseen">: show the timeline</span>
            </button>
          )}
          {expected !== '' && (
            <>
              {' beside '}
              <code>
                <VisibleText text={expected} />
              </code>
            </>
          )}
          {difference !== '' && <span class="difference"> ({difference})</span>}
        </li>
      ))}
    </ul>
  );
}
