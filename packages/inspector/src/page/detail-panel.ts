// SPDX-License-Identifier: Apache-2.0
import type { Detail, MeaningLine, Row } from '../view/types.js';
import { fetchDetail } from './api.js';
import { byId, copyButton, h } from './dom.js';
import { problemBadge } from './problem-badge.js';

/** One event or batch, whole: what is wrong with it, what it means, and what was sent. */
export class DetailPanel {
  readonly #panel = byId('detail');
  readonly #closed: () => void;
  #wanted = 0;

  /** @param closed the focus should go back to the list */
  constructor(closed: () => void) {
    this.#closed = closed;
  }

  async open(row: Row): Promise<void> {
    const wanted = ++this.#wanted;
    const detail = await fetchDetail(row.sequence, row.kind === 'event' ? row.index : undefined);
    if (wanted !== this.#wanted) return;
    this.#panel.replaceChildren(...(detail === undefined ? this.#gone() : this.#contentOf(detail)));
    this.#panel.hidden = false;
    this.#panel.scrollTop = 0;
    this.#panel.focus();
  }

  /** @returns false if it was not open */
  close(): boolean {
    if (this.#panel.hidden) return false;
    this.#wanted++;
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
    this.#closed();
    return true;
  }

  #contentOf({ title, problems, meaning, payload }: Detail): HTMLElement[] {
    return [
      this.#head(title),
      problems.length === 0
        ? h(
            'p',
            { class: 'ratio good' },
            h('span', { class: 'sign', 'aria-hidden': 'true' }, '✓'),
            'Nothing wrong was found.',
          )
        : h(
            'ul',
            { class: 'problems', 'aria-label': 'Problems' },
            ...problems.map(problem => h('li', {}, problemBadge(problem), h('p', {}, problem.message))),
          ),
      h(
        'div',
        { class: 'halves' },
        h(
          'section',
          { 'aria-label': 'Meaning' },
          h('h3', {}, 'Meaning'),
          h('dl', {}, ...meaning.flatMap(meaningLine)),
        ),
        h(
          'section',
          { 'aria-label': 'Payload' },
          h(
            'h3',
            {},
            'Payload',
            copyButton('Copy', () => payload),
          ),
          h('pre', { tabindex: '0' }, payload),
        ),
      ),
    ];
  }

  #gone(): HTMLElement[] {
    const text = 'It was dropped to make room for newer events.';
    return [this.#head('Not here any more'), h('p', {}, text)];
  }

  #head(title: string): HTMLElement {
    const close = h('button', { type: 'button', class: 'quiet' }, 'Close');
    close.addEventListener('click', () => this.close());
    return h('div', { class: 'detail-head' }, h('h2', { id: 'detail-title' }, title), close);
  }
}

function meaningLine({ label, meaning, id }: MeaningLine): HTMLElement[] {
  const differs = id !== undefined && id !== meaning;
  return [
    h('dt', {}, label),
    h('dd', {}, meaning === '' ? '(empty)' : meaning, differs && h('code', { class: 'id' }, id)),
  ];
}
