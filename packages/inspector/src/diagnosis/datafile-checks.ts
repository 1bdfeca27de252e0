// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, unknown, waiting } from './finding.js';
import { TROUBLESHOOTING } from './sources.js';
import { counted, named, quoted } from './words.js';

/** Whether decisions were made with the datafile that is looked at here: asked of an experiment. */
export const DATAFILE_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'wrong_environment',
    title: 'Decisions come from this environment',
    explains: ['wrong_revision', 'impressions_not_counted'],
    explainsSilence: [
      'outside_audience',
      'flag_decisions_off',
      'no_impressions',
      'event_never_received',
      'conversions_not_counted',
      'conversions_unexposed',
    ],
    source: TROUBLESHOOTING,
    look: lookAtEnvironment,
  },
  {
    id: 'wrong_revision',
    title: 'Decisions come from this datafile revision',
    explains: ['impressions_not_counted', 'sample_ratio'],
    explainsSilence: [
      'no_impressions',
      'event_never_received',
      'conversions_not_counted',
      'conversions_unexposed',
    ],
    look: lookAtRevision,
  },
];

function lookAtEnvironment({ id, inspection, names, rule, tally, impressions }: ExperimentEvidence): Finding {
  if (names === undefined) return unknown('Without a datafile, experiments are not looked up.');
  const environment =
    names.environmentKey === '' ? '' : ` of the environment ${quoted(names.environmentKey)}`;
  const advice =
    'give the application the SDK key of this environment, or the inspector the datafile of the application';
  if (rule === undefined) {
    return {
      state: 'cause',
      count: tally.lost,
      sentence: `The datafile${environment} has no experiment with the id ${quoted(id)}: ${advice}.`,
      evidence: { experiment: id, problem: 'unknown_experiment' },
    };
  }
  const { traffic } = inspection;
  if (traffic.events === 0) return waiting();
  const flags = rule.flagKeys.length === 0 ? [''] : rule.flagKeys;
  const strays = flags.flatMap(flagKey => traffic.strays(flagKey, rule.key) ?? []);
  const count = strays.reduce((sum, stray) => sum + stray.count, 0);
  if (count > 0) {
    const ids = named(strays.map(({ experimentId }) => experimentId));
    return {
      state: stateOfDefect(count, count + impressions, impressions > 0),
      count,
      sentence:
        `${counted(count, 'impression names', 'impressions name')} ${quoted(rule.key)} by the id ${ids}, which the datafile` +
        `${environment} does not have (it has ${quoted(id)}): they were decided by the datafile of another environment, or by an old one; ${advice}.`,
      evidence: { experiment: id, check: 'wrong_environment' },
    };
  }
  const foreign = traffic.problems.count('unknown_experiment');
  if (impressions + tally.lost === 0 && foreign > 0 && foreign * 2 >= traffic.impressions) {
    return {
      state: 'cause',
      count: foreign,
      sentence:
        `No impression names it, and ${counted(foreign, 'impression names', 'impressions name')} experiments that the datafile${environment} ` +
        `does not have: ${advice}.`,
      evidence: { problem: 'unknown_experiment' },
    };
  }
  return { state: 'passed', count: 0, sentence: 'All decisions that name it have its id.' };
}

function lookAtRevision({ id, inspection, names, tally, impressions }: ExperimentEvidence): Finding {
  if (names === undefined) return unknown('Without a datafile, revisions are not compared.');
  const { traffic, allocations } = inspection;
  const isOwn = impressions + tally.lost > 0;
  const revisions = isOwn ? tally.revisions : traffic.revisions;
  const others = [...revisions].filter(([revision]) => revision !== '' && !allocations.knows(revision));
  const count = others.reduce((sum, [, many]) => sum + many, 0);
  const all = isOwn ? impressions + tally.lost : traffic.events;
  if (all === 0) return waiting();
  if (count === 0) {
    return {
      state: 'passed',
      count,
      sentence: `They name the revision ${quoted(names.revision)}, as the datafile does.`,
    };
  }
  const lost = others.reduce((sum, [revision]) => sum + (traffic.lostByRevision.get(revision) ?? 0), 0);
  const what = isOwn
    ? counted(count, 'impression was', 'impressions were')
    : counted(count, 'event was', 'events were');
  const consequence =
    lost > 0
      ? `${counted(lost, 'event')} of them ${lost === 1 ? 'has' : 'have'} ids that this datafile does not have`
      : 'whether the experiment and its traffic allocation were the same is not known';
  const state =
    lost > 0 ? stateOfDefect(count, all, impressions > 0) : count * 20 >= all ? 'suspect' : 'passed';
  return {
    state: isOwn || lost > 0 ? state : 'passed',
    count,
    sentence:
      `${what} made with the revision ${named(others.map(([revision]) => revision))}, and the datafile here has ${quoted(names.revision)}: ` +
      `${consequence}. Let both read the latest datafile.`,
    evidence: { experiment: id, check: 'wrong_revision' },
  };
}
