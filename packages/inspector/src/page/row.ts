// SPDX-License-Identifier: Apache-2.0
import type { BatchRow, EventRow, RefusedRow, Row } from '../view/types.js';
import { h } from './dom.js';
import { bytes, count, counted, time } from './format.js';
import { problemSummary } from './problem-badge.js';

/** One row of the list. @param place counted from the newest, from 0 */
export function renderRow(row: Row, place: number, active: boolean): HTMLElement {
  const element = h('div', {
    role: 'row',
    class: `row ${row.kind}${active ? ' active' : ''}`,
    id: `row-${place}`,
    'aria-rowindex': String(place + 2),
    'aria-selected': String(active),
  });
  element.dataset.place = String(place);
  element.append(...cellsOf(row));
  return element;
}

function cellsOf(row: Row): HTMLElement[] {
  switch (row.kind) {
    case 'batch':
      return batchCells(row);
    case 'event':
      return eventCells(row);
    case 'refused':
      return refusedCells(row);
  }
}

function refusedCells(row: RefusedRow): HTMLElement[] {
  const facts = [`${row.method} ${row.path}`, bytes(row.byteLength), `answered ${row.status}`];
  return [
    cell(1, 'time', time(row.receivedAt)),
    h(
      'span',
      { role: 'gridcell', 'aria-colindex': '2', 'aria-colspan': '3', class: 'facts' },
      h('strong', {}, `Request ${count(row.sequence)}`),
      ...facts.map(fact => h('span', {}, fact)),
    ),
    cell(5, 'state', ...problemSummary(row.problems)),
  ];
}

/** Where the rows are not here yet. */
export function renderPlaceholder(place: number): HTMLElement {
  const cell = h('span', { role: 'gridcell', 'aria-colindex': '1' }, '…');
  return h('div', { role: 'row', class: 'row waiting', 'aria-rowindex': String(place + 2) }, cell);
}

function batchCells(row: BatchRow): HTMLElement[] {
  const size =
    row.shown === row.events
      ? counted(row.events, 'event')
      : `${count(row.shown)} of ${counted(row.events, 'event')}`;
  const facts = [
    size,
    counted(row.visitors, 'visitor'),
    bytes(row.byteLength),
    row.cause && `closed by ${row.cause}`,
    row.revision && `revision ${row.revision}`,
    answerOf(row),
  ];
  return [
    cell(1, 'time', time(row.receivedAt)),
    h(
      'span',
      { role: 'gridcell', 'aria-colindex': '2', 'aria-colspan': '3', class: 'facts' },
      h('strong', {}, `Batch ${count(row.sequence)}`),
      ...facts.filter(fact => fact !== undefined && fact !== '').map(fact => h('span', {}, fact as string)),
    ),
    cell(5, 'state', ...problemSummary(row.problems)),
  ];
}

function answerOf({ status, forwarding }: BatchRow): string {
  if (forwarding === 'under way') return 'on its way to Optimizely';
  if (forwarding === 'arrived') return `Optimizely answered ${status}`;
  return status === undefined ? '' : `answered ${status}`;
}

function eventCells(row: EventRow): HTMLElement[] {
  const impression = row.type === 'impression';
  return [
    cell(1, 'time', time(row.timestamp)),
    h(
      'span',
      { role: 'gridcell', 'aria-colindex': '2', class: 'what' },
      h('span', { class: `kind ${row.type}` }, row.type),
      h('span', { class: 'subject' }, row.subject),
      row.detail !== '' && h('span', { class: 'value' }, impression ? `→ ${row.detail}` : row.detail),
      row.flagKey !== '' && row.flagKey !== row.subject && h('span', { class: 'flag' }, row.flagKey),
    ),
    cell(3, 'visitor', row.visitorId === '' ? '(empty id)' : row.visitorId),
    traceCell(row),
    cell(5, 'state', ...problemSummary(row.problems)),
  ];
}

function traceCell({ traceId, spanId }: EventRow): HTMLElement {
  const element = cell(4, 'trace', traceId === undefined ? '' : `${traceId.slice(0, 7)}…`);
  if (traceId !== undefined) element.title = `trace ${traceId}, span ${spanId ?? ''}`;
  return element;
}

function cell(column: number, name: string, ...children: (Node | string)[]): HTMLElement {
  return h('span', { role: 'gridcell', 'aria-colindex': String(column), class: name }, ...children);
}

/** What a row is, whatever its place. */
export function keyOf(row: Row): string {
  return row.kind === 'event' ? `${row.sequence}/${row.index}` : `${row.sequence}`;
}
