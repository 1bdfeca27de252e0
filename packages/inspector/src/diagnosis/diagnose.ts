// SPDX-License-Identifier: Apache-2.0
import type { CheckId, CheckView, DiagnosisView } from '../view/types.js';
import { CONVERSION_CHECKS } from './conversion-checks.js';
import { DECISION_CHECKS } from './decision-checks.js';
import { EVENT_CHECKS } from './event-checks.js';
import { type Evidence, type ExperimentEvidence, gather, type Subject } from './evidence.js';
import type { Check, Finding } from './finding.js';
import { IMPRESSION_CHECKS, VISITOR_CHECKS } from './impression-checks.js';
import { QUALITY_CHECKS } from './quality-checks.js';
import { DATAFILE_CHECKS, REQUEST_CHECKS } from './request-checks.js';
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
  const isHealthy = evidence.impressions > 0 && evidence.counted > 0;
  return conclude(EXPERIMENT_CHECKS, evidence, { isHealthy, isSilent: evidence.impressions === 0 });
}

/** What keeps all experiments from having results. */
export function diagnoseTraffic(common: Evidence): DiagnosisView {
  const isHealthy = common.inspection.traffic.events > 0;
  const checks: readonly Check<Evidence>[] = [...REQUEST_CHECKS, ...TRAFFIC_CHECKS];
  return conclude(checks, common, { isHealthy, isSilent: common.inspection.traffic.impressions === 0 });
}

interface Found<T> {
  readonly check: Check<T>;
  readonly finding: Finding;
}

interface Situation {
  readonly isHealthy: boolean;
  /** Whether no impression counts. */
  readonly isSilent: boolean;
}

function conclude<T>(
  checks: readonly Check<T>[],
  evidence: T,
  { isHealthy, isSilent }: Situation,
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
    headline: root?.finding.sentence ?? headlineWithoutCause(isHealthy),
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

function headlineWithoutCause(isHealthy: boolean): string {
  return isHealthy
    ? 'Impressions and conversions arrive, and nothing is wrong with them.'
    : 'Too little has arrived to tell.';
}
