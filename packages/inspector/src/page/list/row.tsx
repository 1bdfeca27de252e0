// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import type { BatchRow, EventRow, RefusedRow, Row } from '../../view/types.js';
import { bytes, count, counted, time } from '../ui/format.js';
import { ProblemSummary } from '../ui/problem-badge.js';
import { VisibleText } from '../ui/visible-text.js';

interface RowProps {
  readonly row: Row;
  /** Counted from the first row of the list, from 0. */
  readonly place: number;
  /** Distance from the top of the list, in pixels. */
  readonly top: number;
  readonly active: boolean;
}

export function ListRow({ row, place, top, active }: RowProps) {
  return (
    <div
      role="row"
      class={`row ${row.kind} ${active ? 'active' : ''}`}
      id={`row-${place}`}
      aria-rowindex={place + 2}
      aria-selected={active}
      data-place={place}
      style={{ transform: `translateY(${top}px)` }}
    >
      <Cells row={row} />
    </div>
  );
}

/** Where the rows are not here yet. */
export function WaitingRow({ place, top }: Pick<RowProps, 'place' | 'top'>) {
  return (
    <div
      role="row"
      class="row waiting"
      aria-rowindex={place + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <Cell column={1}>…</Cell>
    </div>
  );
}

function Cells({ row }: { readonly row: Row }) {
  switch (row.kind) {
    case 'event':
      return <EventCells row={row} />;
    case 'batch':
      return <BatchCells row={row} />;
    case 'refused':
      return <RefusedCells row={row} />;
  }
}

function EventCells({ row }: { readonly row: EventRow }) {
  const { type, subject, detail, flagKey, traceId, spanId } = row;
  const trace = traceId === undefined ? undefined : `trace ${traceId}, span ${spanId ?? ''}`;
  return (
    <>
      <Cell column={1} name="time">
        {time(row.timestamp)}
      </Cell>
      <Cell column={2} name="what">
        <span class={`kind ${type}`}>{type}</span>
        <span class="subject">{subject}</span>
        {detail !== '' && <span class="value">{type === 'impression' ? `→ ${detail}` : detail}</span>}
        {flagKey !== '' && flagKey !== subject && <span class="flag">{flagKey}</span>}
      </Cell>
      <Cell column={3} name="visitor">
        {row.visitorShown === '' ? '(empty id)' : <VisibleText text={row.visitorShown} />}
      </Cell>
      <Cell column={4} name="trace" title={trace}>
        {traceId ?? ''}
      </Cell>
      <Cell column={5} name="state">
        <ProblemSummary problems={row.problems} />
      </Cell>
    </>
  );
}

function BatchCells({ row }: { readonly row: BatchRow }) {
  const { shown, events, visitors, byteLength, cause, revision } = row;
  const facts = [
    shown === events ? counted(events, 'event') : `${count(shown)} of ${counted(events, 'event')}`,
    counted(visitors, 'visitor'),
    bytes(byteLength),
    cause !== undefined && `closed by ${cause}`,
    revision !== '' && `revision ${revision}`,
    answerOf(row),
  ];
  return (
    <Summary row={row} title={`Batch ${count(row.sequence)}`}>
      {facts.map(fact => fact && <span key={fact}>{fact}</span>)}
    </Summary>
  );
}

function answerOf({ status, forwarding }: BatchRow): string {
  if (forwarding === 'under way') return 'on its way to Optimizely';
  if (forwarding === 'arrived') return `Optimizely answered ${status}`;
  return status === undefined ? '' : `answered ${status}`;
}

function RefusedCells({ row }: { readonly row: RefusedRow }) {
  return (
    <Summary row={row} title={`${row.method} ${row.path}`}>
      <span class="refusal">
        answered {row.status}: {row.message}
      </span>
      <code class="body-text">{row.text}</code>
    </Summary>
  );
}

interface SummaryProps {
  readonly row: BatchRow | RefusedRow;
  readonly title: string;
  readonly children: ComponentChildren;
}

/** A row that is about a request. */
function Summary({ row, title, children }: SummaryProps) {
  return (
    <>
      <Cell column={1} name="time">
        {time(row.receivedAt)}
      </Cell>
      <Cell column={2} span={3} name="facts">
        <strong>{title}</strong>
        {children}
      </Cell>
      <Cell column={5} name="state">
        <ProblemSummary problems={row.problems} />
      </Cell>
    </>
  );
}

interface CellProps {
  readonly column: number;
  readonly span?: number;
  readonly name?: string;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}

function Cell({ column, span, name, title, children }: CellProps) {
  return (
    <span role="gridcell" class={name} title={title} aria-colindex={column} aria-colspan={span}>
      {children}
    </span>
  );
}
