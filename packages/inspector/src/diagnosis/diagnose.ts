// SPDX-License-Identifier: Apache-2.0
import type { CheckId, CheckView, DiagnosisView } from '../view/types.js';
import { CONVERSION_CHECKS } from './conversion-checks.js';
import { DATAFILE_CHECKS } from './datafile-checks.js';
import { DECISION_CHECKS } from './decision-checks.js';
import { EVENT_CHECKS } from './event-checks.js';
import { type Evidence, type ExperimentEvidence, gather, type Subject } from './evidence.js';
import type { Check, Finding } from './finding.js';
import { IMPRESSION_CHECKS, VISITOR_CHECKS } from './impression-checks.js';
import { QUALITY_CHECKS } from './quality-checks.js';
import { REQUEST_CHECKS } from './request-checks.js';
import { TRAFFIC_CHECKS } from './traffic-checks.js';

/** In the order of causes: what is wrong with requests before what is wrong with conversions. */
const EXPERIMENT_CHECKS: readonly Check<ExperimentEvidence>[] = [
  ...REQUEST_CHECKS,
  ...DATAFILE_CHECKS,
  ...DECISION_CHECKS,
  ...IMPRESSION_CHECKS,
  ...EVENT_CHECKS,
  ...VISITOR_CHECKS,
  ...CONVERSION_CHECKS,
  ...QUALITY_CHECKS,
];

export function isCheck(id: string): id is CheckId {
  return EXPERIMENT_CHECKS.some(check => check.id === id);
}

/** Why an experiment has no results, or wrong ones: the root cause before what follows from it. */
export function diagnose(common: Evidence, subject: Subject): DiagnosisView {
  const evidence = gather(common, subject);
  const { impressions, counted, rule } = evidence;
  const isSilent = impressions === 0;
  // A delivery rule is not measured.
  const isHealthy = !isSilent && (counted > 0 || rule?.kind === 'delivery rule');
  const otherwise = isSilent
    ? 'No impression of it has arrived yet.'
    : 'Impressions arrive; no conversion that counts has come yet.';
  return conclude(EXPERIMENT_CHECKS, evidence, { isSilent, isHealthy, healthy: HEALTHY, otherwise });
}

/** What keeps all experiments from having results. */
export function diagnoseTraffic(common: Evidence): DiagnosisView {
  const { events, impressions } = common.inspection.traffic;
  const checks: readonly Check<Evidence>[] = [...REQUEST_CHECKS, ...TRAFFIC_CHECKS];
  return conclude(checks, common, {
    isSilent: impressions === 0,
    isHealthy: events > 0,
    healthy: HEALTHY_TRAFFIC,
    otherwise: 'Nothing has arrived yet.',
  });
}

const HEALTHY = 'Impressions and conversions arrive as they should, and nothing is wrong with them.';
const HEALTHY_TRAFFIC =
  'Requests are accepted and impressions arrive. Whether they count, the diagnosis of each experiment says.';

interface Found<T> {
  readonly check: Check<T>;
  readonly finding: Finding;
}

interface Situation {
  readonly isHealthy: boolean;
  /** Whether no impression counts. */
  readonly isSilent: boolean;
  /** What to say if it is healthy, and nothing is wrong. */
  readonly healthy: string;
  /** What to say if it is not healthy, and nothing is wrong. */
  readonly otherwise: string;
}

function conclude<T>(
  checks: readonly Check<T>[],
  evidence: T,
  { isHealthy, isSilent, healthy, otherwise }: Situation,
): DiagnosisView {
  const found = checks.flatMap((check): Found<T>[] => {
    const finding = check.look(evidence);
    return finding === undefined ? [] : [{ check, finding }];
  });
  const wrong = found.filter(({ finding }) => isWrong(finding));
  const explained = new Set(
    wrong
      .filter(({ check, finding }) => finding.state === 'cause' || check.explainsIfSuspected)
      .flatMap(({ check }) => [...check.explains, ...(isSilent ? (check.explainsSilence ?? []) : [])]),
  );
  const roots = wrong.filter(({ check }) => !explained.has(check.id));
  const root = roots.find(({ finding }) => finding.state === 'cause') ?? roots[0];
  const isUntouched = root === undefined && isSilent && !isHealthy;
  return {
    state: stateOf(root?.finding, isHealthy),
    rootCause: root?.check.id,
    headline: root?.finding.sentence ?? (isHealthy ? healthy : otherwise),
    // Where nothing has come to an experiment there is nothing to read, and a project may have hundreds.
    checks: isUntouched
      ? []
      : found.map(({ check, finding }) => view(check, finding, explained.has(check.id))),
  };
}

function view<T>({ id, title, source }: Check<T>, finding: Finding, isExplained: boolean): CheckView {
  const { state, count, sentence, evidence, examples = [] } = finding;
  return {
    id,
    title,
    state: isExplained && isWrong(finding) ? 'consequence' : state,
    count,
    sentence,
    evidence,
    examples,
    source,
  };
}

function isWrong({ state }: Finding): boolean {
  return state === 'cause' || state === 'suspect';
}

function stateOf(root: Finding | undefined, isHealthy: boolean): DiagnosisView['state'] {
  if (root?.state === 'cause' || root?.state === 'suspect') return root.state;
  return isHealthy ? 'healthy' : 'waiting';
}
