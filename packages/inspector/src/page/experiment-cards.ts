// SPDX-License-Identifier: Apache-2.0
import type { ExperimentView, Overview, SampleRatioView } from '../view/types.js';
import { byId, h } from './dom.js';
import { count, counted, percent, pValue } from './format.js';
import { renderRates } from './rate-bars.js';

interface Card {
  readonly element: HTMLElement;
  readonly body: HTMLElement;
  shown: string;
}

/** The experiments, each in a card that is redrawn only when its figures have changed. */
export class ExperimentCards {
  readonly #list = byId('experiments-list');
  readonly #note = byId('experiments-note');
  readonly #choose: (experimentId: string) => void;
  #cards = new Map<string, Card>();

  /** @param choose called to show the events of one experiment only */
  constructor(choose: (experimentId: string) => void) {
    this.#choose = choose;
  }

  show({ experiments, forgottenVisitors, datafile }: Overview): void {
    const notes = [
      experiments.length === 0 ? 'None yet: they appear with the first impression that counts.' : '',
      datafile.state === 'none' && experiments.length > 0
        ? 'Without a datafile the expected split is taken to be equal, and keys are those that impressions bring.'
        : '',
      forgottenVisitors > 0
        ? `${counted(forgottenVisitors, 'visitor')} had to be forgotten: one that comes back is counted again.`
        : '',
    ];
    this.#note.textContent = notes.filter(Boolean).join(' ');
    const before = this.#cards;
    this.#cards = new Map(
      experiments.map(experiment => [experiment.id, before.get(experiment.id) ?? this.#make(experiment)]),
    );
    for (const experiment of experiments) this.#fill(experiment);
    const elements = [...this.#cards.values()].map(({ element }) => element);
    if (
      elements.some((element, place) => this.#list.children[place] !== element) ||
      elements.length !== this.#list.childElementCount
    ) {
      this.#list.replaceChildren(...elements);
    }
  }

  #make({ id, key }: ExperimentView): Card {
    const body = h('div');
    const only = h(
      'button',
      { type: 'button', class: 'quiet' },
      'Show events',
      h('span', { class: 'unseen' }, ` of ${key}`),
    );
    only.addEventListener('click', () => this.#choose(id));
    const element = h('article', { class: 'card' }, body, only);
    return { element, body, shown: '' };
  }

  #fill(experiment: ExperimentView): void {
    const card = this.#cards.get(experiment.id);
    const shown = JSON.stringify(experiment);
    if (card === undefined || card.shown === shown) return;
    card.shown = shown;
    card.body.replaceChildren(...contentOf(experiment));
  }
}

function contentOf(experiment: ExperimentView): HTMLElement[] {
  const { key, kind, flagKeys, visitors, impressions, sampleRatio, metrics } = experiment;
  const subtitle = [
    kind,
    flagKeys.length > 0 && `flag ${flagKeys.join(', ')}`,
    counted(visitors, 'visitor'),
    counted(impressions, 'impression'),
  ];
  return [
    h('h3', {}, key),
    h('p', { class: 'subtitle' }, subtitle.filter(Boolean).join(' · ')),
    ratioLine(sampleRatio),
    variationTable(experiment),
    ...metrics.flatMap(({ eventKey, rates }) => [
      h('h4', {}, h('span', { class: 'key' }, eventKey), ' conversion rate'),
      renderRates(rates),
    ]),
  ];
}

const RATIO_SIGNS: Record<SampleRatioView['verdict'], [sign: string, style: string]> = {
  as_expected: ['✓', 'good'],
  mismatch: ['✕', 'lost'],
  no_traffic: ['✕', 'lost'],
  unknown: ['–', 'muted'],
  too_few: ['…', 'muted'],
  untestable: ['–', 'muted'],
  adaptive: ['–', 'muted'],
};

function ratioLine({ verdict, pValue: p, explanation }: SampleRatioView): HTMLElement {
  const [sign, style] = RATIO_SIGNS[verdict];
  return h(
    'p',
    { class: `ratio ${style}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
    h(
      'span',
      {},
      h('strong', {}, 'Split'),
      ` ${explanation} `,
      p !== undefined && h('span', { class: 'p' }, pValue(p)),
    ),
  );
}

function variationTable({ key, variations }: ExperimentView): HTMLElement {
  const head = ['Variation', 'Visitors', 'Impressions', 'Share', 'Expected'];
  return h(
    'table',
    {},
    h('caption', { class: 'unseen' }, `Variations of ${key}`),
    h('thead', {}, h('tr', {}, ...head.map(text => h('th', { scope: 'col' }, text)))),
    h(
      'tbody',
      {},
      ...variations.map(variation =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, variation.key),
          h('td', {}, count(variation.visitors)),
          h('td', {}, count(variation.impressions)),
          h('td', {}, percent(variation.share)),
          h(
            'td',
            {},
            variation.expectedShare === undefined ? 'no traffic' : percent(variation.expectedShare),
          ),
        ),
      ),
    ),
  );
}
