// SPDX-License-Identifier: Apache-2.0
import type { Facet, Overview } from '../view/types.js';
import type { Filter } from './api.js';
import { byId, h } from './dom.js';
import { count } from './format.js';

type Option = Pick<Facet, 'value' | 'label'> & { readonly count?: number };

const PROBLEM_GROUPS: readonly Option[] = [
  { value: 'any', label: 'any problem' },
  { value: 'lost', label: 'not counted' },
  { value: 'warning', label: 'warnings' },
];

/** Visitor, experiment, event key and problem: what the list shows. */
export class Filters {
  readonly #visitor = h('input', {
    type: 'search',
    id: 'filter-visitor',
    placeholder: 'part of an id',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  readonly #experiment = h('select', { id: 'filter-experiment' });
  readonly #event = h('select', { id: 'filter-event' });
  readonly #problem = h('select', { id: 'filter-problem' });
  readonly #reset = h('button', { type: 'reset', class: 'quiet' }, 'Reset');
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    const form = byId<HTMLFormElement>('filters');
    form.append(
      field('Visitor', this.#visitor),
      field('Experiment', this.#experiment),
      field('Event', this.#event),
      field('Problem', this.#problem),
      this.#reset,
    );
    form.addEventListener('submit', event => event.preventDefault());
    form.addEventListener('input', () => this.#apply());
    form.addEventListener('reset', () => setTimeout(() => this.#apply()));
    fill(this.#experiment, []);
    fill(this.#event, []);
    fill(this.#problem, PROBLEM_GROUPS);
    this.#apply();
  }

  get filter(): Filter {
    return {
      visitor: this.#visitor.value.trim(),
      experiment: this.#experiment.value,
      event: this.#event.value,
      problem: this.#problem.value,
    };
  }

  get filtersSomething(): boolean {
    return Object.values(this.filter).some(value => value !== '');
  }

  focus(): void {
    this.#visitor.focus();
    this.#visitor.select();
  }

  set(choice: Partial<Pick<Filter, 'experiment' | 'problem'>>): void {
    if (choice.experiment !== undefined) this.#experiment.value = choice.experiment;
    if (choice.problem !== undefined) this.#problem.value = choice.problem;
    this.#apply();
  }

  offer({ facets }: Overview): void {
    fill(this.#experiment, facets.experiments);
    fill(this.#event, facets.events);
    fill(this.#problem, [...PROBLEM_GROUPS, ...facets.problems]);
  }

  #apply(): void {
    this.#reset.hidden = !this.filtersSomething;
    this.#changed();
  }
}

function field(label: string, control: HTMLElement): HTMLElement {
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
}

/** Keeps what is chosen. Does nothing while the list is open, or if nothing has changed. */
function fill(select: HTMLSelectElement, options: readonly Option[]): void {
  const chosen = select.value;
  const all: Option[] = [{ value: '', label: 'all' }, ...options];
  if (chosen !== '' && !all.some(({ value }) => value === chosen)) all.push({ value: chosen, label: chosen });
  const shown = JSON.stringify(all);
  if (select.dataset.shown === shown || select === document.activeElement) return;
  select.dataset.shown = shown;
  select.replaceChildren(
    ...all.map(({ value, label, count: many }) =>
      h('option', { value }, many === undefined ? label : `${label} (${count(many)})`),
    ),
  );
  select.value = chosen;
}
