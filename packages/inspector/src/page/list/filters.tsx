// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import type { Facet } from '../../view/types.js';
import { filtersSomething, type ListFilter, NO_FILTER } from '../state/address.js';
import { useStore } from '../state/store.js';
import { count, words } from '../ui/format.js';

type Option = Pick<Facet, 'value' | 'label'> & { readonly count?: number };

const PROBLEM_GROUPS: readonly Option[] = [
  { value: 'any', label: 'any problem' },
  { value: 'lost', label: 'not counted' },
  { value: 'warning', label: 'warnings' },
];
const SORTS: readonly Option[] = [
  { value: 'newest', label: 'newest first' },
  { value: 'oldest', label: 'oldest first' },
];

/** What the list shows, and in which order. */
export function Filters() {
  const { navigation, overview } = useStore();
  const address = navigation.address.value;
  const facets = overview.value?.facets;
  const choose = (name: keyof ListFilter) => (value: string) =>
    navigation.go(name === 'experiment' ? { experiment: value, check: '' } : { [name]: value });
  return (
    <form class="filters" role="search" aria-label="Filter events" onSubmit={event => event.preventDefault()}>
      <TextField id="filter-visitor" name="visitor" label="Visitor" hint="part of an id" shortcut="/" />
      <TextField id="filter-search" name="search" label="Payload" hint="part of a payload" />
      <Choice
        label="Experiment"
        value={address.experiment}
        options={facets?.experiments}
        choose={choose('experiment')}
      />
      <Choice label="Event" value={address.event} options={facets?.events} choose={choose('event')} />
      <Choice
        label="Problem"
        value={address.problem}
        options={[...PROBLEM_GROUPS, ...(facets?.problems ?? [])]}
        choose={choose('problem')}
      />
      <Field id="filter-order" label="Order">
        <select
          id="filter-order"
          value={address.sort}
          onChange={({ currentTarget }) =>
            navigation.go({ sort: currentTarget.value === 'oldest' ? 'oldest' : 'newest' })
          }
        >
          {SORTS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      {address.check !== '' && (
        <button type="button" class="chip" onClick={() => navigation.go({ check: '' })}>
          Evidence: {words(address.check)}
          <span aria-hidden="true"> ✕</span>
          <span class="unseen">, remove</span>
        </button>
      )}
      {filtersSomething(address) && (
        <button type="button" class="quiet" onClick={() => navigation.go(NO_FILTER)}>
          Reset
        </button>
      )}
    </form>
  );
}

interface TextFieldProps {
  readonly id: string;
  readonly name: 'visitor' | 'search';
  readonly label: string;
  readonly hint: string;
  readonly shortcut?: string;
}

function TextField({ id, name, label, hint, shortcut }: TextFieldProps) {
  const { navigation } = useStore();
  return (
    <Field id={id} label={label}>
      <input
        id={id}
        type="search"
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        maxLength={500}
        aria-keyshortcuts={shortcut}
        value={navigation.address.value[name]}
        onInput={({ currentTarget }) => navigation.type(name, currentTarget.value)}
      />
    </Field>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[] | undefined;
  readonly choose: (value: string) => void;
}

/** What is chosen stays on offer, also while no such event is kept. */
function Choice({ label, value, options = [], choose }: ChoiceProps) {
  const id = `filter-${label.toLowerCase()}`;
  const isOffered = value === '' || options.some(option => option.value === value);
  const all: Option[] = [
    { value: '', label: 'all' },
    ...options,
    ...(isOffered ? [] : [{ value, label: value }]),
  ];
  return (
    <Field id={id} label={label}>
      <select id={id} value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {all.map(option => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.count === undefined ? option.label : `${option.label} (${count(option.count)})`}
          </option>
        ))}
      </select>
    </Field>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly children: ComponentChildren;
}

function Field({ id, label, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
    </div>
  );
}
