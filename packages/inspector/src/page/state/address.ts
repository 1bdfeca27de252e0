// SPDX-License-Identifier: Apache-2.0

/** What the reader has chosen. All of it stands in the page's URL, so that a link shows the same. */
export interface Address {
  /** Part of a visitor id. */
  readonly visitor: string;
  /** Experiment id. */
  readonly experiment: string;
  /** Event key. */
  readonly event: string;
  /** Code or severity of a problem. */
  readonly problem: string;
  /** Part of a payload. */
  readonly search: string;
  /** With an experiment: the events that this check of its diagnosis has counted. */
  readonly check: string;
  readonly sort: Sort;
  /** The event or batch that is shown whole: `12/3`, `12`, or empty. */
  readonly open: string;
  /** Id of the visitor whose timeline is shown, or empty. */
  readonly timeline: string;
  /** Which half a narrow window shows. */
  readonly view: View;
}

export type Sort = 'newest' | 'oldest';
export type View = 'experiments' | 'events';
export type ListFilter = Pick<Address, 'visitor' | 'experiment' | 'event' | 'problem' | 'search' | 'check'>;

export const NO_FILTER: ListFilter = {
  visitor: '',
  experiment: '',
  event: '',
  problem: '',
  search: '',
  check: '',
};

const NOTHING_CHOSEN: Address = {
  ...NO_FILTER,
  sort: 'newest',
  open: '',
  timeline: '',
  view: 'experiments',
};

const NAMES = Object.keys(NOTHING_CHOSEN) as (keyof Address)[];
const FILTER_NAMES = Object.keys(NO_FILTER) as (keyof ListFilter)[];

export function filterOf(address: Address): ListFilter {
  return Object.fromEntries(FILTER_NAMES.map(name => [name, address[name]])) as unknown as ListFilter;
}

export function filtersSomething(filter: ListFilter): boolean {
  return FILTER_NAMES.some(name => filter[name] !== '');
}

/** Reads a query string. What the page does not know is ignored. */
export function readAddress(search: string): Address {
  const given = new URLSearchParams(search);
  const text = (name: keyof Address) => given.get(name) ?? '';
  const filter = Object.fromEntries(FILTER_NAMES.map(name => [name, text(name)])) as unknown as ListFilter;
  const open = text('open');
  return {
    ...filter,
    sort: text('sort') === 'oldest' ? 'oldest' : 'newest',
    open: /^\d{1,15}(\/\d{1,9})?$/.test(open) ? open : '',
    timeline: text('timeline'),
    view: text('view') === 'events' ? 'events' : 'experiments',
  };
}

/** @returns a query string, with `?`, of what differs from nothing chosen; empty if nothing does */
export function writeAddress(address: Address): string {
  const query = new URLSearchParams();
  for (const name of NAMES) if (address[name] !== NOTHING_CHOSEN[name]) query.set(name, address[name]);
  return query.size === 0 ? '' : `?${query}`;
}
