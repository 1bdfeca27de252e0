// SPDX-License-Identifier: Apache-2.0
import { filtersSomething } from '../state/address.js';
import { exportPath } from '../state/api.js';
import { useStore } from '../state/store.js';
import { CopyButton } from '../ui/copy-button.js';
import { counted } from '../ui/format.js';

/** How much the list shows, and ways to take it along. */
export function ListToolbar() {
  const { list } = useStore();
  const path = exportPath(list.shown);
  const isFiltered = filtersSomething(list.shown.filter);
  const { events } = list.view.value;
  return (
    <div class="toolbar">
      <p class="matches" role="status" aria-label="Matches">
        {isFiltered ? `${counted(events, 'event matches', 'events match')}` : counted(events, 'event')}
      </p>
      <FollowButton />
      <CopyButton
        label="Copy"
        of="the events that are shown, as JSON lines"
        text={() => fetch(path).then(response => response.text())}
      />
      <a class="button" href={path} download="optimizely-events.jsonl">
        Download <span class="unseen">the events that are shown, as JSON lines</span>
      </a>
    </div>
  );
}

function FollowButton() {
  const { list, paused } = useStore();
  if (list.until.value === undefined || paused.value !== undefined) return null;
  const { newer } = list.view.value;
  return (
    <button type="button" class="follow" onClick={() => list.follow()}>
      ↑ {newer > 0 ? `Show ${counted(newer, 'newer event')}` : 'Follow new events'}
    </button>
  );
}
