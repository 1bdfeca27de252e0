// SPDX-License-Identifier: Apache-2.0
import type { ProblemView } from '../../view/types.js';
import { words } from './format.js';

/** Told by sign and word, not by color alone. */
const SIGNS = { lost: '✕', warning: '!' } as const;

export function ProblemBadge({ problem: { code, severity } }: { readonly problem: ProblemView }) {
  return (
    <span class={`badge ${severity}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[severity]}
      </span>
      <span class="unseen">{severity === 'lost' ? 'not counted: ' : 'warning: '}</span>
      {words(code)}
    </span>
  );
}

/** The worst one, and how many more there are. */
export function ProblemSummary({ problems }: { readonly problems: readonly ProblemView[] }) {
  const worst = problems.find(({ severity }) => severity === 'lost') ?? problems[0];
  if (worst === undefined) return null;
  const more = problems.length - 1;
  return (
    <>
      <ProblemBadge problem={worst} />
      {more > 0 && <span class="more">+{more}</span>}
    </>
  );
}
