// SPDX-License-Identifier: Apache-2.0
import type { Store } from './store.js';

/** The keys that work anywhere on the page: `/` for the filter, Escape to leave what was entered last. */
export function handleKeys(store: Store): void {
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target instanceof Element && event.target.matches('input, select, textarea');
    if (event.key === '/' && !isTyping) {
      event.preventDefault();
      startFiltering(store);
    } else if (event.key === 'Escape') leave(store, isTyping);
  });
}

function startFiltering({ navigation }: Store): void {
  if (navigation.address.peek().view !== 'events') navigation.go({ view: 'events' });
  requestAnimationFrame(() => {
    const field = document.getElementById('filter-visitor');
    if (!(field instanceof HTMLInputElement)) return;
    field.focus();
    field.select();
  });
}

function leave(store: Store, isTyping: boolean): void {
  if (!store.close() && !store.list.leave() && isTyping) document.getElementById('grid')?.focus();
}
