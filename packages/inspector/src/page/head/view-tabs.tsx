// SPDX-License-Identifier: Apache-2.0
import type { View } from '../state/address.js';
import { useStore } from '../state/store.js';

const VIEWS: readonly [view: View, label: string][] = [
  ['experiments', 'Experiments'],
  ['events', 'Events'],
];

/** A narrow window has room for one half. */
export function ViewTabs() {
  const { navigation } = useStore();
  const { view } = navigation.address.value;
  return (
    <fieldset class="tabs">
      <legend class="unseen">View</legend>
      {VIEWS.map(([name, label]) => (
        <button
          key={name}
          type="button"
          aria-pressed={view === name}
          onClick={() => navigation.go({ view: name })}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
