// SPDX-License-Identifier: Apache-2.0
import type { Detail, Overview, RowsView, VisitorView } from '../../view/types.js';
import type { ListFilter, Sort } from './address.js';

export interface RowsWindow {
  readonly filter: ListFilter;
  readonly sort: Sort;
  readonly from: number;
  readonly count: number;
  /** Undefined for up to the newest. */
  readonly until: number | undefined;
}

export const fetchOverview = (): Promise<Overview> => get('/api/overview');

export function fetchRows({ filter, sort, from, count, until }: RowsWindow): Promise<RowsView> {
  const query = queryOf(filter, sort, until);
  query.set('from', String(from));
  query.set('count', String(count));
  return get(`/api/rows?${query}`);
}

/** Where everything that the filter lets through can be had, one event a line. */
export function exportPath({ filter, sort, until }: Pick<RowsWindow, 'filter' | 'sort' | 'until'>): string {
  return `/api/export?${queryOf(filter, sort, until)}`;
}

/**
 * @param place `12/3` or `12`
 * @returns undefined if it is no longer kept
 */
export function fetchDetail(place: string): Promise<Detail | undefined> {
  return get<Detail>(`/api/batches/${place}`, 404);
}

/** Some clients take anything for an id; a URL does not. */
export function canBeAskedFor(visitorId: string): boolean {
  return encodeURIComponent(visitorId).length <= 4_000;
}

/** @returns undefined if nothing of the visitor is kept */
export function fetchVisitor(id: string): Promise<VisitorView | undefined> {
  return get<VisitorView>(`/api/visitor?${new URLSearchParams({ id })}`, 404);
}

export async function clear(): Promise<void> {
  await fetch('/api/clear', { method: 'POST' });
}

function queryOf(filter: ListFilter, sort: Sort, until: number | undefined): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== '') query.set(name, value);
  if (sort !== 'newest') query.set('sort', sort);
  if (until !== undefined) query.set('until', String(until));
  return query;
}

async function get<T>(path: string): Promise<T>;
async function get<T>(path: string, absent: number): Promise<T | undefined>;
async function get<T>(path: string, absent?: number): Promise<T | undefined> {
  const response = await fetch(path);
  if (response.status === absent) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as T;
}
