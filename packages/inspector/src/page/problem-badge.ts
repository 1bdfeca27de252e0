// SPDX-License-Identifier: Apache-2.0
import type { ProblemView } from '../view/types.js';
import { h } from './dom.js';
import { words } from './format.js';

/** Told by sign and word, not by color alone. */
const SIGNS = { lost: '✕', warning: '!' } as const;

export function problemBadge({ code, severity }: ProblemView): HTMLElement {
  return h(
    'span',
    { class: `badge ${severity}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[severity]),
    h('span', { class: 'unseen' }, severity === 'lost' ? 'not counted: ' : 'warning: '),
    words(code),
  );
}

/** The worst one, and how many more there are. */
export function problemSummary(problems: readonly ProblemView[]): (HTMLElement | string)[] {
  const worst = problems.find(({ severity }) => severity === 'lost') ?? problems[0];
  if (worst === undefined) return [];
  const more = problems.length - 1;
  return [problemBadge(worst), ...(more > 0 ? [h('span', { class: 'more' }, `+${more}`)] : [])];
}
