// SPDX-License-Identifier: Apache-2.0
import { EVENTS_API_HOSTS, regionOf } from '../inspection/regions.js';
import type { Evidence, ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, unknown, waiting } from './finding.js';
import { TROUBLESHOOTING } from './sources.js';
import { counted, quoted } from './words.js';

type Common = Evidence & Partial<ExperimentEvidence>;

/** Whether requests, and what they say of themselves, fit: asked of all traffic, and of each experiment. */
export const REQUEST_CHECKS: readonly Check<Common>[] = [
  {
    id: 'requests_refused',
    title: 'Requests are accepted',
    explains: [],
    explainsSilence: [
      'outside_audience',
      'flag_decisions_off',
      'no_impressions',
      'event_never_received',
      'conversions_unexposed',
    ],
    look: lookAtRefusals,
  },
  {
    id: 'wrong_project',
    title: 'Events are of this project',
    explains: ['wrong_environment', 'wrong_revision', 'impressions_not_counted', 'conversions_not_counted'],
    explainsSilence: [
      'outside_audience',
      'flag_decisions_off',
      'no_impressions',
      'event_never_received',
      'conversions_unexposed',
    ],
    source: TROUBLESHOOTING,
    look: lookAtProject,
  },
  {
    id: 'wrong_region',
    title: 'Events go to the region of the project',
    explains: [],
    look: lookAtRegion,
  },
];

function lookAtRefusals({ inspection }: Common): Finding {
  const { traffic, lastRefusal, blocked, lastBlocked } = inspection;
  const { refused } = inspection.figures;
  const all = refused + blocked + traffic.batches;
  const count = refused + blocked;
  const evidence = { problem: 'refused' };
  if (all === 0) return { state: 'waiting', count: 0, sentence: 'No request has arrived yet.' };
  if (count === 0) {
    return { state: 'passed', count: 0, sentence: `${counted(all, 'request')}, and none was refused.` };
  }
  const latest = lastRefusal || lastBlocked;
  const accepted =
    traffic.batches === 0 ? 'none was accepted' : `${counted(traffic.batches, 'other')} accepted`;
  return {
    state:
      traffic.batches === 0 ? 'cause' : stateOfDefect(count, all, true) === 'cause' ? 'suspect' : 'passed',
    count,
    sentence: `${counted(count, 'request was', 'requests were')} refused, and ${accepted}. The latest: ${latest}.`,
    evidence,
  };
}

function lookAtProject({ inspection, names, tally, impressions, measured = [] }: Common): Finding {
  if (names === undefined) return unknown('Without a datafile, project and account are not compared.');
  const { problems, events } = inspection.traffic;
  if (events === 0) return waiting();
  const isOwn = tally !== undefined && (impressions ?? 0) + tally.lost > 0;
  const [own, all] = isOwn
    ? [
        [tally.problems, ...measured.map(event => event.tally.problems)],
        (impressions ?? 0) + tally.lost + measured.reduce((n, { tally: t }) => n + t.conversions + t.lost, 0),
      ]
    : [[problems], events];
  const of = (code: 'unknown_project' | 'unknown_account') =>
    own.reduce((n, counts) => n + counts.count(code), 0);
  const [projects, accounts] = [of('unknown_project'), of('unknown_account')];
  const count = Math.max(projects, accounts);
  const code = projects >= accounts ? 'unknown_project' : 'unknown_account';
  const what = code === 'unknown_project' ? 'project' : 'account';
  const right = quoted(code === 'unknown_project' ? names.projectId : names.accountId);
  if (count === 0) {
    return {
      state: 'passed',
      count,
      sentence: `All name the datafile's project, ${quoted(names.projectId)}.`,
    };
  }
  return {
    // Another project's events beside an experiment of which nothing has come may be none of its business.
    state: isOwn || count >= events / 2 ? stateOfDefect(count, all, (impressions ?? 0) > 0) : 'passed',
    count,
    sentence:
      `${counted(count, 'event names', 'events name')} another ${what} than the datafile's, ${right}: ` +
      "give the application this project's SDK key or datafile, or the inspector that of the application.",
    evidence: { problem: code },
  };
}

function lookAtRegion({ names, forwardsTo }: Common): Finding {
  if (names === undefined) return unknown('Without a datafile, the region is not known.');
  const { region } = names;
  const goesTo = regionOf(forwardsTo);
  if (goesTo === undefined) {
    const sentence =
      `The datafile is of the region ${region}: in production its events belong to ${EVENTS_API_HOSTS[region]}. ` +
      'Which one the application would send to cannot be seen here.';
    return unknown(sentence);
  }
  if (goesTo === region) {
    return {
      state: 'passed',
      count: 0,
      sentence: `Events are passed on to ${EVENTS_API_HOSTS[goesTo]}, the region of the datafile.`,
    };
  }
  return {
    state: 'cause',
    count: 1,
    sentence: `Events are passed on to ${EVENTS_API_HOSTS[goesTo]}, but the datafile is of the region ${region}: send them to ${EVENTS_API_HOSTS[region]}.`,
  };
}
