// SPDX-License-Identifier: Apache-2.0
import type { MomentView, VisitorView } from '../../view/types.js';
import { Examples } from '../experiments/check.js';
import { fetchVisitor } from '../state/api.js';
import { useStore } from '../state/store.js';
import { counted, dateTime } from '../ui/format.js';
import { VisibleText } from '../ui/visible-text.js';
import { SidePanel } from './side-panel.js';
import { useFetched } from './use-fetched.js';

/** All that one visitor has seen and done, in order of time, and what of it counts. */
export function TimelinePanel({ visitorId }: { readonly visitorId: string }) {
  const fetched = useFetched(visitorId, fetchVisitor);
  const shown = fetched.state === 'here' ? fetched.value.visitorShown : visitorId;
  const title = (
    <>
      Visitor <code>{shown === '' ? '(empty id)' : <VisibleText text={shown} />}</code>
    </>
  );
  return (
    <SidePanel subject={visitorId} title={title}>
      {fetched.state === 'waiting' && <p>Loading</p>}
      {fetched.state === 'gone' && <p>No event of this visitor is kept.</p>}
      {fetched.state === 'here' && <Content visitor={fetched.value} />}
    </SidePanel>
  );
}

function Content({ visitor }: { readonly visitor: VisitorView }) {
  const store = useStore();
  const { lookalikes, experiments, moments, omitted, visitorId } = visitor;
  return (
    <>
      {lookalikes.length > 0 && (
        <section class="lookalikes" aria-label="Ids that look alike">
          <p>
            <strong>
              {counted(lookalikes.length, 'other visitor id looks', 'other visitor ids look')} like this one
            </strong>
            , and Optimizely takes each for a visitor of its own:
          </p>
          <Examples examples={lookalikes} />
        </section>
      )}
      {experiments.length === 0 ? (
        <p>No experiment has decided for this visitor, so no conversion of it counts.</p>
      ) : (
        <ul class="memberships" aria-label="Experiments of this visitor">
          {experiments.map(({ id, key, variation, since }) => (
            <li key={id}>
              <strong>{key}</strong>: {variation}, since {dateTime(since)}
            </li>
          ))}
        </ul>
      )}
      {omitted > 0 && (
        <p class="note">{counted(omitted, 'older moment is', 'older moments are')} left out.</p>
      )}
      <ol class="timeline" aria-label="Timeline">
        {moments.map(moment => (
          <Moment key={`${moment.sequence}/${moment.index}`} moment={moment} />
        ))}
      </ol>
      <button type="button" onClick={() => store.showOnly({ visitor: visitorId })}>
        Show in the list
      </button>
    </>
  );
}

const STATES: Record<MomentView['state'], [sign: string, style: string, words: string]> = {
  counted: ['✓', 'good', 'counts'],
  not_counted: ['✕', 'lost', 'does not count'],
  unclear: ['?', 'warning', 'unclear'],
};

function Moment({ moment }: { readonly moment: MomentView }) {
  const { navigation } = useStore();
  const { sequence, index, timestamp, type, subject, detail, state, countsFor, reasons } = moment;
  const [sign, style, words] = STATES[state];
  return (
    <li class={`moment ${style}`}>
      <p class="moment-head">
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
        <span class="time">{dateTime(timestamp)}</span>
        <button
          type="button"
          class="quiet"
          onClick={() => navigation.go({ open: `${sequence}/${index}`, timeline: '' })}
        >
          {type} {subject}
          {detail !== '' && (type === 'impression' ? ` → ${detail}` : ` (${detail})`)}
        </button>
        <span class="tag">{words}</span>
      </p>
      {countsFor.length > 0 && <p>Counts for {countsFor.join(', ')}.</p>}
      {reasons.map(reason => (
        <p key={reason}>{reason}</p>
      ))}
    </li>
  );
}
