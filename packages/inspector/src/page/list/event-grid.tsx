// SPDX-License-Identifier: Apache-2.0
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { EventListState } from '../state/event-list.js';
import { drawnRows, scrollHeight } from '../state/list-position.js';
import { useStore } from '../state/store.js';
import { keyOf } from '../state/view-changes.js';
import { gridKey } from './grid-keys.js';
import { ListRow, WaitingRow } from './row.js';

const COLUMNS = ['Time', 'Event', 'Visitor', 'Trace', 'Problems'] as const;
const CLASSES = ['time', 'what', 'visitor', 'trace', 'state'] as const;

/** The rows in sight. Each keeps its element while it moves, and so its text selection. */
export function EventGrid() {
  const store = useStore();
  const { list } = store;
  const grid = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLDivElement>(null);
  useMeasures(list, grid, head, probe);
  useHeldSelection(list, grid);
  const { scrollTop } = list.position.value;
  const { total } = list.view.value;
  // Also when rows were added: a list that was too short for its position is not any more.
  useLayoutEffect(() => {
    if (grid.current !== null && grid.current.scrollTop !== scrollTop) grid.current.scrollTop = scrollTop;
  }, [scrollTop, total]);

  const click = (event: MouseEvent) => {
    const place = (event.target as Element).closest<HTMLElement>('.row')?.dataset.place;
    if (place === undefined || isSelecting()) return;
    list.choose(Number(place));
    openAt(Number(place));
  };
  const openAt = (place: number) => {
    const row = list.rowAt(place);
    if (row !== undefined) store.open(row);
  };
  const place = list.cursor.value?.place;
  const [first, last] = drawnRows(list.position.value, list.box);
  const isDrawn = place !== undefined && place >= first && place < last;
  return (
    <>
      <div class="row-probe" ref={probe} />
      <div
        id="grid"
        ref={grid}
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label="Events"
        aria-rowcount={total + 1}
        aria-colcount={COLUMNS.length}
        aria-activedescendant={isDrawn ? `row-${place}` : undefined}
        onScroll={event => list.scrolled(event.currentTarget.scrollTop)}
        onKeyDown={event => gridKey(event, list, openAt)}
        onClick={click}
      >
        <div role="rowgroup" class="head" ref={head}>
          <div role="row" class="row" aria-rowindex={1}>
            {COLUMNS.map((column, place) => (
              <span key={column} role="columnheader" aria-colindex={place + 1} class={CLASSES[place]}>
                {column}
              </span>
            ))}
          </div>
        </div>
        <Rows list={list} open={store.navigation.address.value.open} />
      </div>
    </>
  );
}

interface RowsProps {
  readonly list: EventListState;
  /** What is shown whole, which a link may say before any row is chosen. */
  readonly open: string;
}

function Rows({ list, open }: RowsProps) {
  const { box, position, cursor } = list;
  const { scrollTop, offset } = position.value;
  const [first, last] = drawnRows(position.value, box);
  const chosen = cursor.value;
  const rows = [];
  for (let place = first; place < last; place++) {
    const row = list.rowAt(place);
    const top = Math.round(place * box.rowHeight - offset + scrollTop);
    rows.push(
      row === undefined ? (
        <WaitingRow key={`place ${place}`} place={place} top={top} />
      ) : (
        <ListRow
          key={keyOf(row)}
          row={row}
          place={place}
          top={top}
          active={chosen === undefined ? keyOf(row) === open : chosen.place === place}
        />
      ),
    );
  }
  return (
    <div id="rows" role="rowgroup" class="rows" style={{ height: `${scrollHeight(box)}px` }}>
      {rows}
    </div>
  );
}

type ElementRef = { readonly current: HTMLElement | null };

/** Rows are as high as the style sheet says, in a unit that grows with the reader's font. */
function useMeasures(list: EventListState, grid: ElementRef, head: ElementRef, probe: ElementRef): void {
  useEffect(() => {
    const measure = () => {
      const heightOf = ({ current }: ElementRef) => current?.offsetHeight ?? 0;
      list.resized(heightOf(probe), (grid.current?.clientHeight ?? 0) - heightOf(head));
    };
    const observer = new ResizeObserver(measure);
    for (const { current } of [grid, probe]) if (current !== null) observer.observe(current);
    return () => observer.disconnect();
  }, [list, grid, head, probe]);
}

/** Text that is selected stays where it is: the list stands still meanwhile. */
function useHeldSelection(list: EventListState, grid: ElementRef): void {
  useEffect(() => {
    let held = false;
    const look = () => {
      const selects = isSelecting() && grid.current?.contains(getSelection()?.anchorNode ?? null) === true;
      if (selects === held) return;
      held = selects;
      if (held) list.hold();
      else list.release();
    };
    document.addEventListener('selectionchange', look);
    return () => document.removeEventListener('selectionchange', look);
  }, [list, grid]);
}

function isSelecting(): boolean {
  return getSelection()?.isCollapsed === false;
}
