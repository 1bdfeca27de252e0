// SPDX-License-Identifier: Apache-2.0
import { BOT_FILTERED } from '../checks/bots.js';
import type { ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, unknown, waiting } from './finding.js';
import { BOTS, IMPRESSIONS, TROUBLESHOOTING } from './sources.js';
import { counted, named, quoted } from './words.js';

const MOST_CONDITIONS = 3;

/** Whether the experiment decides for visitors, and whether these are people. */
export const DECISION_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'not_running',
    title: 'The experiment is running',
    explains: ['impressions_not_counted'],
    explainsSilence: [
      'outside_audience',
      'flag_decisions_off',
      'no_impressions',
      'event_never_received',
      'conversions_unexposed',
    ],
    source: TROUBLESHOOTING,
    look: lookAtStatus,
  },
  {
    id: 'flag_decisions_off',
    title: 'Decisions of delivery rules are sent',
    explains: [],
    explainsSilence: ['no_impressions', 'conversions_unexposed'],
    explainsIfSuspected: true,
    source: IMPRESSIONS,
    look: lookAtFlagDecisions,
  },
  {
    id: 'outside_audience',
    title: 'Visitors are in its audience and traffic',
    explains: [],
    explainsSilence: ['no_impressions', 'conversions_unexposed'],
    explainsIfSuspected: true,
    source: IMPRESSIONS,
    look: lookAtAudience,
  },
  {
    id: 'bots',
    title: 'Visitors are people',
    explains: ['sample_ratio'],
    source: BOTS,
    look: lookAtBots,
  },
];

function lookAtStatus({ id, rule, tally }: ExperimentEvidence): Finding {
  if (rule === undefined) return unknown('No datafile says whether it is running.');
  const { status, kind } = rule;
  if (kind === 'delivery rule' || status === '' || status === 'Running') {
    const sentence = status === '' ? 'The datafile does not say otherwise.' : 'The datafile says that it is.';
    return { state: 'passed', count: 0, sentence };
  }
  const count = tally.problems.count('experiment_not_running');
  return {
    state: 'cause',
    count,
    sentence: `The datafile gives it the status ${quoted(status)}, not "Running": start it at Optimizely.`,
    evidence: { experiment: id },
  };
}

function lookAtFlagDecisions({
  names,
  rule,
  impressions,
  isAwaited,
}: ExperimentEvidence): Finding | undefined {
  if (names === undefined || rule === undefined) return undefined;
  const isDelivery = rule.kind === 'delivery rule';
  if (!isDelivery && rule.flagKeys.length === 0) return undefined;
  if (names.sendFlagDecisions) {
    return { state: 'passed', count: 0, sentence: 'sendFlagDecisions is on.' };
  }
  if (impressions > 0) {
    const sentence = 'sendFlagDecisions is off, and decisions of this rule arrive all the same.';
    return { state: 'passed', count: 0, sentence };
  }
  const advice = 'ask Optimizely to turn flag decisions on for the project';
  if (!isDelivery && names.sendFlagDecisions === undefined) {
    const sentence =
      'The datafile does not say whether flag decisions are sent; those of an experiment always are.';
    return { state: 'unknown', count: 0, sentence };
  }
  if (isDelivery) {
    const sentence = `sendFlagDecisions is off in the datafile, so that SDKs send no decision of a delivery rule: ${advice}.`;
    return { state: 'cause', count: 0, sentence };
  }
  if (!isAwaited) return waiting();
  const sentence =
    'sendFlagDecisions is off in the datafile, so that a visitor for whom another rule of the flag decides, or ' +
    `none, leaves no trace: if that is all of them, no impression can arrive; ${advice}, or look at audience and traffic.`;
  return { state: 'suspect', count: 0, sentence };
}

function lookAtAudience(evidence: ExperimentEvidence): Finding {
  const { id, rule, impressions, tally, inspection } = evidence;
  if (rule === undefined) return unknown('No datafile says whom it is for.');
  const { traffic } = inspection;
  let others = 0;
  for (const flagKey of rule.flagKeys) {
    for (const [ruleId, many] of traffic.flags.get(flagKey) ?? []) if (ruleId !== id) others += many;
  }
  if (rule.kind !== 'delivery rule' && rule.weights.size === 0) {
    const sentence = 'The datafile gives it no traffic (0 %): raise its traffic allocation at Optimizely.';
    return { state: impressions > 0 ? 'passed' : 'cause', count: others, sentence };
  }
  if (traffic.events === 0) return waiting();
  const audience = audienceOf(evidence);
  if (impressions > 0 || tally.lost > 0) {
    const beside = others > 0 ? ` ${counted(others, 'decision')} of its flag came from other rules.` : '';
    return { state: 'passed', count: others, sentence: `Visitors are decided for.${beside}` };
  }
  if (others > 0) {
    return {
      state: 'cause',
      count: others,
      sentence:
        `${counted(others, 'decision')} of the flag ${named(rule.flagKeys)} came from another rule or from none, and none from this experiment: ` +
        `the visitors are outside its audience or its traffic allocation.${audience.sentence}`,
      evidence: { experiment: id, check: 'outside_audience' },
    };
  }
  if (audience.isUnmet && evidence.isAwaited) {
    return {
      state: 'suspect',
      count: traffic.events,
      sentence: `No visitor was decided for.${audience.sentence}`,
    };
  }
  return { state: 'passed', count: 0, sentence: 'No decision of another rule stands in its place.' };
}

/** What keeps visitors out of the audience, as far as their attributes tell. */
function audienceOf({ rule, inspection }: ExperimentEvidence): {
  /** Whether no visitor whose attributes have been seen can be in it. */
  readonly isUnmet: boolean;
  readonly sentence: string;
} {
  const { traffic } = inspection;
  const { audience } = rule ?? {};
  if (audience === undefined) return { isUnmet: false, sentence: '' };
  const isUnmet = !audience.canBeMet(key => traffic.valuesOf(key));
  const missing = audience.attributes.filter(key => !traffic.attributes.has(key));
  if (missing.length > 0) {
    const many = missing.length === 1 ? 'attribute' : 'attributes';
    const sentence = ` Its audience asks for the ${many} ${named(missing)}, which no event has brought: give it to the SDK when it decides.`;
    return { isUnmet, sentence };
  }
  if (audience.conditions.length === 0) return { isUnmet, sentence: '' };
  const asked = audience.conditions.slice(0, MOST_CONDITIONS).map(quoted).join(', ');
  const found = isUnmet ? 'no event has brought such a value' : 'compare the values';
  return { isUnmet, sentence: ` Its audience asks for ${asked}: ${found}.` };
}

function lookAtBots({ id, tally, impressions, measured }: ExperimentEvidence): Finding {
  const events = measured.map(event => event.tally);
  const count = tally.problems.count('bot') + events.reduce((n, event) => n + event.problems.count('bot'), 0);
  const all = impressions + tally.lost + events.reduce((n, event) => n + event.conversions + event.lost, 0);
  if (all === 0) return waiting();
  if (count === 0) {
    return { state: 'passed', count, sentence: 'No $opt_user_agent is that of a bot.' };
  }
  const which = `${counted(count, 'event comes', 'events come')} with the $opt_user_agent of a bot`;
  const evidence = { experiment: id, problem: 'bot' };
  const messages = [tally.problems, ...events.map(({ problems }) => problems)].map(
    problems => problems.most(code => code === 'bot')?.message,
  );
  if (!messages.includes(BOT_FILTERED.message)) {
    return {
      state: stateOfDefect(count, all, true) === 'cause' ? 'suspect' : 'passed',
      count,
      sentence: `${which}. Bot filtering is off, as far as is known here, so that they count as visitors.`,
      evidence,
    };
  }
  return {
    state: stateOfDefect(count, all, true),
    count,
    sentence: `${which}, and bot filtering is on: Optimizely leaves out those that the IAB lists. Pass on the user agent of the visitor, not that of a program.`,
    evidence,
  };
}
