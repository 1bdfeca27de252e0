// SPDX-License-Identifier: Apache-2.0

import { type ProblemCode, severityOf } from '../inspection/problem.js';
import type { NamedEvent } from '../inspection/project-names.js';
import type { ExampleView } from '../view/types.js';
import type { EventFacts, ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, waiting } from './finding.js';
import { nearKey } from './near-keys.js';
import { COUNTING, TROUBLESHOOTING } from './sources.js';
import { counted, named, quoted } from './words.js';

/** Whether the events that the experiment measures arrive. */
export const EVENT_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'event_not_attached',
    title: 'The events that arrive are attached to it',
    explains: ['event_never_received'],
    source: COUNTING,
    look: lookAtAttachment,
  },
  {
    id: 'event_never_received',
    title: 'The events that it measures are received',
    explains: [],
    source: TROUBLESHOOTING,
    look: lookForEvents,
  },
  {
    id: 'conversions_not_counted',
    title: 'Their conversions count',
    explains: ['event_never_received'],
    source: TROUBLESHOOTING,
    look: lookAtLost,
  },
];

/** From so many impressions on, an event that has not come is not expected to come any more. */
const MANY_IMPRESSIONS = 20;
const MOST_EXAMPLES = 5;

function lookAtAttachment({
  id,
  attached,
  events,
  impressions,
  measured,
}: ExperimentEvidence): Finding | undefined {
  if (attached === undefined) return undefined;
  const others = events.filter(event => !event.measured && event.counted + event.early + event.tied > 0);
  const count = others.reduce((sum, { counted, early, tied }) => sum + counted + early + tied, 0);
  const keys = named(others.map(({ key }) => key));
  const arrive =
    others.length === 0
      ? ''
      : ` ${counted(count, 'conversion')} of its visitors arrived, of ${keys}: add a metric of it to the experiment at Optimizely.`;
  const evidence = { experiment: id, check: 'event_not_attached' } as const;
  if (attached.length === 0) {
    const sentence = `No event is attached to it in the datafile, so that it can't have results.${arrive}`;
    return { state: impressions > 0 ? 'cause' : 'waiting', count, sentence, evidence };
  }
  const received = measured.some(({ tally }) => tally.conversions + tally.lost > 0);
  if (!received && others.length > 0) {
    const sentence = `It measures ${named(attached.map(({ key }) => key))}, of which nothing arrived.${arrive}`;
    return { state: 'cause', count, sentence, evidence };
  }
  return { state: 'passed', count, sentence: `It measures ${named(attached.map(({ key }) => key))}.` };
}

function lookForEvents(evidence: ExperimentEvidence): Finding | undefined {
  const { id, attached, measured, impressions, inspection } = evidence;
  if (attached === undefined) return measuredWithoutDatafile(evidence);
  if (attached.length === 0) return undefined;
  const received = new Set(
    measured.filter(({ tally }) => tally.conversions + tally.lost > 0).map(({ tally }) => tally.eventId),
  );
  const missing = attached.filter(event => !received.has(event.id));
  if (missing.length === 0) {
    const all = measured.reduce((sum, { tally }) => sum + tally.conversions + tally.lost, 0);
    const sentence = `${counted(all, 'conversion')} of ${named(attached.map(({ key }) => key))} arrived.`;
    return { state: 'passed', count: all, sentence, evidence: { experiment: id } };
  }
  if (inspection.traffic.events === 0) return waiting();
  const near = nearExamples(
    missing,
    evidence.events.filter(event => evidence.names?.event(event.tally.eventId) === undefined),
  );
  const which = named(missing.map(({ key }) => key));
  const never = `${which}, which it measures, ${missing.length === 1 ? 'was' : 'were'} never received`;
  if (near.length > 0) {
    const seen = near.map(({ found, difference }) => `"${found}" (${difference})`).join(', ');
    return {
      state: 'cause',
      count: near.length,
      sentence: `${never}, but ${seen} was: send the key and the id of the datafile.`,
      evidence: { event: near[0]?.found ?? '' },
      examples: near,
    };
  }
  const sentence = `${never}. An SDK drops a key that the datafile does not have, with a line in its log: look there, and at whether the code is reached.`;
  if (received.size > 0) return { state: 'passed', count: 0, sentence: `${never} yet; others were.` };
  if (impressions === 0) return waiting(`${never} yet.`);
  return { state: impressions >= MANY_IMPRESSIONS ? 'cause' : 'suspect', count: 0, sentence };
}

function measuredWithoutDatafile({ id, measured, rule }: ExperimentEvidence): Finding | undefined {
  if (rule?.kind === 'delivery rule') return undefined;
  const all = measured.reduce((sum, { tally }) => sum + tally.conversions + tally.lost, 0);
  if (all === 0) return waiting('No conversion has arrived yet.');
  const sentence = `${counted(all, 'conversion')} arrived; what the experiment measures is not known here.`;
  return { state: 'passed', count: all, sentence, evidence: { experiment: id } };
}

function nearExamples(missing: readonly NamedEvent[], received: readonly EventFacts[]): ExampleView[] {
  const examples: ExampleView[] = [];
  for (const { key: expected } of missing) {
    for (const { tally } of received) {
      for (const found of new Set([tally.key, tally.eventId])) {
        const difference = nearKey(found, expected);
        if (difference !== undefined) examples.push({ found, expected, difference, visitorId: undefined });
      }
    }
  }
  return examples.slice(0, MOST_EXAMPLES);
}

/** Other checks say these, and what to do about them. */
const SAID_ELSEWHERE: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'unknown_project',
  'unknown_account',
  'duplicate',
  'revenue_not_integer',
]);

function lookAtLost({ id, measured, misnamed }: ExperimentEvidence): Finding {
  const relevant = [...measured, ...misnamed].map(({ tally }) => tally);
  const all = relevant.reduce((sum, { conversions, lost }) => sum + conversions + lost, 0);
  const remain = relevant.some(({ conversions }) => conversions > 0);
  if (all === 0) return waiting('No conversion of an event that it measures has arrived yet.');
  // A number for a visitor is said beside the ids of exposed visitors.
  const counts = relevant.flatMap(({ problems, numeric }) => {
    const most = problems.most(
      code =>
        severityOf(code) === 'lost' &&
        !SAID_ELSEWHERE.has(code) &&
        !(code === 'missing_id' && problems.count(code) <= numeric),
    );
    return most ?? [];
  });
  const [worst] = counts.sort((a, b) => b.count - a.count);
  if (worst === undefined) {
    return { state: 'passed', count: 0, sentence: 'None of them has a defect of its own.' };
  }
  const [wrong] = misnamed;
  const key = wrong === undefined ? '' : ` of ${quoted(wrong.key)}`;
  return {
    state: stateOfDefect(worst.count, all, remain),
    count: worst.count,
    sentence: `${counted(worst.count, 'conversion')}${key} ${worst.count === 1 ? 'does' : 'do'} not count: ${worst.message}.`,
    evidence: { experiment: id, check: 'conversions_not_counted' },
  };
}
