// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { filtersSomething } from '../state/address.js';
import { exportPath } from '../state/api.js';
import { useStore } from '../state/store.js';
import { CopyButton } from '../ui/copy-button.js';
import { counted } from '../ui/format.js';

/** After the last letter that was typed. */
const ANNOUNCED_MILLIS = 1_000;

/** A clipboard takes no hundreds of megabytes. */
const MOST_COPIED = 10_000;

/** How much the list shows, and ways to take it along. */
export function ListToolbar() {
  const { list } = useStore();
  const path = exportPath(list.shown);
  const isFiltered = filtersSomething(list.shown.filter);
  const { events } = list.view.value;
  return (
    <div class="toolbar">
      <p class="matches">{matchWords(events, isFiltered)}</p>
      <MatchAnnouncer />
      <FollowButton />
      {events <= MOST_COPIED && (
        <CopyButton
          label="Copy"
          of="the events that are shown, as JSON lines"
          text={() => fetch(path).then(response => response.text())}
        />
      )}
      <a class="button" href={path} download="optimizely-events.jsonl">
        Download <span class="unseen">the events that are shown, as JSON lines</span>
      </a>
    </div>
  );
}

/** Tells a screen reader what a change of the filter has led to; not each event that comes later. */
function MatchAnnouncer() {
  const { list } = useStore();
  const { filter, sort } = list.shown;
  const asked = JSON.stringify([filter, sort]);
  const [said, say] = useState('');
  const wasAsked = useRef(false);
  // For each filter but the first, which the reader has not just chosen.
  useEffect(() => {
    if (!wasAsked.current) {
      wasAsked.current = true;
      return undefined;
    }
    const words = () => matchWords(list.view.peek().events, filtersSomething(filter));
    const timer = setTimeout(() => say(words()), ANNOUNCED_MILLIS);
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <span class="unseen" role="status" aria-label="Matches">
      {said}
    </span>
  );
}

function matchWords(events: number, isFiltered: boolean): string {
  return isFiltered ? counted(events, 'event matches', 'events match') : counted(events, 'event');
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
