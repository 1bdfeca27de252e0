// SPDX-License-Identifier: Apache-2.0

import { filtersSomething } from '../state/address.js';
import { useStore } from '../state/store.js';
import { EmptyList } from './empty-list.js';
import { EventGrid } from './event-grid.js';
import { Filters } from './filters.js';
import { ListToolbar } from './list-toolbar.js';

/** What has arrived, request by request. */
export function Events() {
  const { list } = useStore();
  const isEmpty = list.view.value.total === 0 && filtersSomething(list.shown.filter);
  return (
    <section class="events" aria-labelledby="events-heading">
      <h2 id="events-heading" class="unseen">
        Events
      </h2>
      <Filters />
      <ListToolbar />
      {isEmpty && <EmptyList />}
      <EventGrid />
      <p class="keys" aria-hidden="true">
        <kbd>/</kbd> filter <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open <kbd>Esc</kbd> close
      </p>
    </section>
  );
}
