// SPDX-License-Identifier: Apache-2.0
import type { EventTally } from '../experiments/event-tally.js';
import type { ExperimentTally } from '../experiments/experiment-tally.js';
import type { Inspection } from '../inspection/inspection.js';
import type { NamedEvent, NamedRule, ProjectNames } from '../inspection/project-names.js';
import type { SampleRatioView } from '../view/types.js';

/** What concerns all experiments. */
export interface Evidence {
  readonly inspection: Inspection;
  readonly names: ProjectNames | undefined;
  /** Where batches are passed on to; undefined if nowhere. */
  readonly forwardsTo: string | undefined;
}

/** What is known of one experiment when it is looked at. */
export interface Subject {
  readonly tally: ExperimentTally;
  /** Undefined if no datafile has it. */
  readonly rule: NamedRule | undefined;
  readonly visitors: number;
  /** Impressions that count. */
  readonly impressions: number;
  readonly sampleRatio: SampleRatioView;
}

/** One event as an experiment sees it. */
export interface EventFacts {
  readonly tally: EventTally;
  readonly key: string;
  /** Whether the experiment measures it, or the datafile does not say that it does not. */
  readonly measured: boolean;
  /** Conversions that count in the experiment. */
  readonly counted: number;
  /** Conversions of its visitors before their decision, and in the same millisecond. */
  readonly early: number;
  readonly tied: number;
  /** Conversions of visitors that the experiment has not decided for. */
  readonly unexposed: number;
}

export interface ExperimentEvidence extends Evidence, Subject {
  readonly id: string;
  readonly events: readonly EventFacts[];
  readonly measured: readonly EventFacts[];
  /** Events under an id that the datafile does not have, with the key of one that it measures. */
  readonly misnamed: readonly EventFacts[];
  /** Events that the datafile attaches to it; undefined if it does not say, or if the question does not arise. */
  readonly attached: readonly NamedEvent[] | undefined;
  /** Whether impressions of it are missing, or it may simply not be used by what sends here. */
  readonly isAwaited: boolean;
  /** Sums over the measured events. */
  readonly counted: number;
  readonly early: number;
  readonly tied: number;
  readonly unexposed: number;
}

export function gather(common: Evidence, subject: Subject): ExperimentEvidence {
  const { inspection, names } = common;
  const { tally, rule } = subject;
  const id = tally.experimentId;
  const events = [...inspection.visitors.events.all].map(event => factsOf(event, tally, names));
  const measured = events.filter(event => event.measured);
  const sum = (of: (event: EventFacts) => number) => measured.reduce((total, event) => total + of(event), 0);
  const isAttachable = names?.saysWhatIsMeasured === true && rule?.kind === 'experiment';
  const attached = isAttachable ? names.eventsOf(id) : undefined;
  const keys = new Set(attached?.map(({ key }) => key));
  const unexposed = sum(event => event.unexposed);
  const { traffic } = inspection;
  return {
    ...common,
    ...subject,
    id,
    events,
    measured,
    misnamed: events.filter(
      ({ tally: { eventId }, key }) => keys.has(key) && names?.event(eventId) === undefined,
    ),
    attached,
    counted: sum(event => event.counted),
    early: sum(event => event.early),
    tied: sum(event => event.tied),
    unexposed,
    isAwaited: unexposed > 0 || (traffic.impressions === 0 && traffic.events > 0),
  };
}

function factsOf(
  tally: EventTally,
  experiment: ExperimentTally,
  names: ProjectNames | undefined,
): EventFacts {
  let [counted, early, tied] = [0, 0, 0];
  for (const { metrics } of experiment.variations.values()) {
    const metric = metrics.get(tally.eventId);
    counted += metric?.conversions ?? 0;
    early += metric?.early ?? 0;
    tied += metric?.tied ?? 0;
  }
  return {
    tally,
    key: names?.eventKey(tally.eventId) ?? tally.key,
    measured:
      names === undefined ||
      (names.event(tally.eventId) !== undefined && names.measures(experiment.experimentId, tally.eventId)),
    counted,
    early,
    tied,
    unexposed: Math.max(0, tally.conversions - counted - early - tied),
  };
}
