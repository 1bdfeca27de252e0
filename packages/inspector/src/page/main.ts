// SPDX-License-Identifier: Apache-2.0
import type { Tick } from '../view/types.js';
import { clear, fetchOverview } from './api.js';
import { DetailPanel } from './detail-panel.js';
import { byId } from './dom.js';
import { EventList } from './event-list.js';
import { ExperimentCards } from './experiment-cards.js';
import { Filters } from './filters.js';
import { Summary } from './summary.js';
import { followTheme } from './theme.js';
import { throttle } from './throttle.js';

const OVERVIEW_MILLIS = 400;

let latest = 0;

const list: EventList = new EventList({
  filter: () => filters.filter,
  open: row => void detail.open(row),
  latest: () => latest,
});
const filters: Filters = new Filters(() => queueMicrotask(() => list.follow()));
const detail = new DetailPanel(() => list.focus());
const cards = new ExperimentCards(experiment => choose({ experiment }));
const summary = new Summary(problem => choose({ problem }));

const look = throttle(OVERVIEW_MILLIS, async () => {
  const overview = await fetchOverview();
  summary.show(overview);
  cards.show(overview);
  filters.offer(overview);
});

function choose(choice: { experiment?: string; problem?: string }): void {
  showView('events');
  filters.set(choice);
}

function showView(view: string): void {
  byId('columns').dataset.view = view;
  for (const button of byId('tabs').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.view === view));
  }
}

byId('tabs').addEventListener('click', event => {
  const { view } = (event.target as HTMLElement).dataset;
  if (view !== undefined) showView(view);
});

byId('clear').addEventListener('click', async () => {
  await clear();
  detail.close();
  list.follow();
});

document.addEventListener('keydown', event => {
  const typing = (event.target as Element).matches('input, select, textarea');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    showView('events');
    filters.focus();
  } else if (event.key === 'Escape') {
    if (!detail.close() && !list.leave() && typing) list.focus();
  }
});

const stream = new EventSource('/api/stream');
stream.addEventListener('open', () => summary.connected(true));
stream.addEventListener('error', () => summary.connected(false));
stream.addEventListener('message', ({ data }: MessageEvent<string>) => {
  ({ latest } = JSON.parse(data) as Tick);
  list.refresh();
  look();
});

followTheme();
