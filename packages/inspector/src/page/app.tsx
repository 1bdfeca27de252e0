// SPDX-License-Identifier: Apache-2.0
import { EventPanel } from './detail/event-panel.js';
import { TimelinePanel } from './detail/timeline-panel.js';
import { FirstSteps } from './empty/first-steps.js';
import { Experiments } from './experiments/experiments.js';
import { Announcer } from './head/announcer.js';
import { Figures } from './head/figures.js';
import { ForwardingBanner } from './head/forwarding-banner.js';
import { LinkNotice } from './head/link-notice.js';
import { PauseNotice, TopBar } from './head/top-bar.js';
import { ViewTabs } from './head/view-tabs.js';
import { Events } from './list/events.js';
import { useStore } from './state/store.js';

export function App() {
  const { overview, navigation } = useStore();
  const known = overview.value;
  const { open, timeline, view } = navigation.address.value;
  const isEmpty = known !== undefined && known.tick.batches === 0;
  return (
    <>
      {!isEmpty && (
        <a class="skip" href="#grid">
          Skip to the events
        </a>
      )}
      <ForwardingBanner />
      <TopBar />
      <LinkNotice />
      <main>
        <PauseNotice />
        {known === undefined && <p class="loading">Loading</p>}
        {isEmpty && <FirstSteps overview={known} />}
        {known !== undefined && !isEmpty && (
          <>
            <Figures />
            <ViewTabs />
            <div class="columns" data-view={view}>
              <Experiments />
              <Events />
              {timeline !== '' && <TimelinePanel visitorId={timeline} />}
              {timeline === '' && open !== '' && <EventPanel place={open} />}
            </div>
          </>
        )}
      </main>
      <Announcer />
    </>
  );
}
