// SPDX-License-Identifier: Apache-2.0
import { useStore } from '../state/store.js';
import { counted, time } from '../ui/format.js';
import { Sources } from './sources.js';
import { ThemeButton } from './theme-button.js';

export function TopBar() {
  const store = useStore();
  return (
    <header class="top">
      <h1>
        <img src="/icon.svg" alt="" width="22" height="22" />
        Event inspector
      </h1>
      <Sources />
      <div class="actions">
        <PauseButton />
        <button type="button" onClick={() => void store.clear()}>
          Clear
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

function PauseButton() {
  const store = useStore();
  const isPaused = store.paused.value !== undefined;
  return (
    <button
      type="button"
      class={isPaused ? 'pressed' : ''}
      aria-pressed={isPaused}
      onClick={() => (isPaused ? store.goOn() : store.pause())}
    >
      Pause
    </button>
  );
}

/** Says that the page stands still, and what it does not show. */
export function PauseNotice() {
  const store = useStore();
  const pause = store.paused.value;
  if (pause === undefined) return null;
  const missed = store.missed === 0 ? 'nothing has come since' : `${counted(store.missed, 'event')} since`;
  return (
    <p class="notice warning">
      Paused at {time(pause.since)}: {missed}. Events are received all the same.
      <button type="button" onClick={() => store.goOn()}>
        Go on
      </button>
    </p>
  );
}
