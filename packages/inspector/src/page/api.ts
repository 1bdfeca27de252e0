// SPDX-License-Identifier: Apache-2.0
import type { Detail, Overview, RowsView } from '../view/types.js';

export interface Filter {
  visitor: string;
  experiment: string;
  event: string;
  problem: string;
}

export interface Window {
  readonly from: number;
  readonly count: number;
  /** Undefined for up to the newest. */
  readonly until: number | undefined;
}

export const fetchOverview = (): Promise<Overview> => get('/api/overview');

export function fetchRows(filter: Filter, { from, count, until }: Window): Promise<RowsView> {
  const query = new URLSearchParams({ from: String(from), count: String(count) });
  if (until !== undefined) query.set('until', String(until));
  for (const [name, value] of Object.entries(filter)) if (value !== '') query.set(name, value);
  return get(`/api/rows?${query}`);
}

/** @returns undefined if it is no longer kept */
export function fetchDetail(sequence: number, index: number | undefined): Promise<Detail | undefined> {
  const path = `/api/batches/${sequence}${index === undefined ? '' : `/${index}`}`;
  return get<Detail>(path).catch(() => undefined);
}

export async function clear(): Promise<void> {
  await fetch('/api/clear', { method: 'POST' });
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as T;
}
