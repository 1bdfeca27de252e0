// SPDX-License-Identifier: Apache-2.0
import type { EventListState } from '../state/event-list.js';

/** Moves the chosen row, or opens it. */
export function gridKey(event: KeyboardEvent, list: EventListState, open: (place: number) => void): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { height, rowHeight } = list.box;
  const page = Math.max(1, Math.floor(height / rowHeight) - 1);
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  const step = steps[event.key];
  const place = list.cursor.peek()?.place;
  if (step !== undefined) list.move(step);
  else if ((event.key === 'Enter' || event.key === ' ') && place !== undefined) open(place);
  else return;
  event.preventDefault();
}
