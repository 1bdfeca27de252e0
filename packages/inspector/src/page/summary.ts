// SPDX-License-Identifier: Apache-2.0
import type { DatafileState, Overview } from '../view/types.js';
import { byId, h } from './dom.js';
import { firstSteps } from './first-steps.js';
import { count, counted } from './format.js';

/** How often a screen reader is told. */
const ANNOUNCED_MILLIS = 5_000;

/** The figures above the list, where they come from, and what to do while there are none. */
export class Summary {
  readonly #figures = byId('summary');
  readonly #sources = byId('sources');
  readonly #empty = byId('empty');
  readonly #announcer = byId('announcer');
  readonly #choose: (problem: string) => void;
  #announcedAt = 0;
  #connected = true;
  #latest: Overview | undefined;

  /** @param choose called to show the events with such problems only */
  constructor(choose: (problem: string) => void) {
    this.#choose = choose;
  }

  show(overview: Overview): void {
    this.#latest = overview;
    const { tick, impressions, conversions, lost, warned, refused } = overview;
    const figures: [label: string, value: number, problem?: string][] = [
      ['Batches', tick.batches],
      ['Impressions', impressions],
      ['Conversions', conversions],
      ['Not counted', lost, 'lost'],
      ['With warnings', warned, 'warning'],
      ['Refused requests', refused, 'refused'],
    ];
    if (tick.droppedEvents > 0) figures.push(['Oldest dropped', tick.droppedEvents]);
    this.#draw(figures);
    this.#showSources();
    this.#notifyLogEvent(overview);
    this.#showEmpty(overview);
  }

  connected(connected: boolean): void {
    this.#connected = connected;
    this.#showSources();
  }

  /** The figures stay what they are, so that a button keeps its focus. */
  #draw(figures: readonly [string, number, string?][]): void {
    if (this.#figures.childElementCount !== figures.length) {
      this.#figures.replaceChildren(...figures.map(([label, , problem]) => this.#figure(label, problem)));
    }
    for (const [place, [, value, problem]] of figures.entries()) {
      const element = this.#figures.children[place];
      const target = element?.querySelector('.number');
      if (target) target.textContent = count(value);
      element?.classList.toggle('raised', problem !== undefined && value > 0);
    }
  }

  #figure(label: string, problem: string | undefined): HTMLElement {
    const number = h(problem === undefined ? 'span' : 'button', {
      class: 'number',
      ...(problem !== undefined && { type: 'button', title: `Show only: ${label.toLowerCase()}` }),
    });
    if (problem !== undefined) number.addEventListener('click', () => this.#choose(problem));
    return h('div', { class: `figure ${problem ?? ''}` }, h('dt', {}, label), h('dd', {}, number));
  }

  #showSources(): void {
    const { datafile, forwardsTo } = this.#latest ?? {};
    const items = [
      this.#connected ? ['good', '●', 'live'] : ['lost', '✕', 'the inspector is not running'],
      ...(datafile === undefined ? [] : [datafileWords(datafile)]),
      forwardsTo === undefined
        ? ['muted', '–', 'nothing leaves this machine']
        : ['warning', '→', `passed on to ${forwardsTo}`],
    ];
    const shown = JSON.stringify(items);
    if (this.#sources.dataset.shown === shown) return;
    this.#sources.dataset.shown = shown;
    this.#sources.replaceChildren(
      ...items.map(([style, sign, text]) =>
        h('li', { class: style }, h('span', { class: 'sign', 'aria-hidden': 'true' }, sign), text),
      ),
    );
  }

  #notifyLogEvent({ impressions, conversions, lost }: Overview): void {
    const now = performance.now();
    if (now - this.#announcedAt < ANNOUNCED_MILLIS || impressions + conversions === 0) return;
    this.#announcedAt = now;
    this.#announcer.textContent = `${counted(impressions + conversions, 'event')}, ${count(lost)} not counted`;
  }

  #showEmpty(overview: Overview): void {
    const empty = overview.tick.batches === 0;
    byId('grid').hidden = empty;
    if (this.#empty.hidden === !empty) return;
    this.#empty.hidden = !empty;
    this.#empty.replaceChildren(...firstSteps(overview));
  }
}

function datafileWords(datafile: DatafileState): [style: string, sign: string, text: string] {
  switch (datafile.state) {
    case 'none':
      return ['muted', '–', 'no datafile: ids are not checked'];
    case 'waiting':
      return ['warning', '…', `waiting for the datafile of ${datafile.source}`];
    case 'unusable':
      return ['lost', '✕', `${datafile.source}: ${datafile.message}`];
    case 'in force':
      return datafile.message === undefined
        ? ['good', '✓', `datafile revision ${datafile.revision}`]
        : ['warning', '!', `datafile revision ${datafile.revision} still: ${datafile.message}`];
  }
}
