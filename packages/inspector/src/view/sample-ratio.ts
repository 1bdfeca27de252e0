// SPDX-License-Identifier: Apache-2.0
import { named } from '../diagnosis/words.js';
import type { NamedRule } from '../inspection/project-names.js';
import { MISMATCH_P_VALUE, SampleRatioMonitor } from '../statistics/sample-ratio-monitor.js';
import type { SampleRatioView } from './types.js';

/** Whether the visitors of an experiment were divided as its traffic allocations say. */
export function viewSampleRatio(ratio: SampleRatioMonitor, rule: NamedRule | undefined): SampleRatioView {
  const { segments, visitorsWithoutTraffic } = ratio;
  const told = segments.filter(SampleRatioMonitor.isTold);
  return {
    visitorsWithoutTraffic,
    segments: segments.map(segment => ({
      revisions: [...segment.revisions],
      visitors: segment.ratio.total,
      pValue: told.includes(segment) ? Math.min(1, Math.exp(-segment.ratio.logEvidence)) : undefined,
    })),
    ...judge(ratio, told.length > 0, rule),
  };
}

type Verdict = Pick<SampleRatioView, 'verdict' | 'pValue' | 'explanation'>;

function judge(ratio: SampleRatioMonitor, isTold: boolean, rule: NamedRule | undefined): Verdict {
  const { visitorsWithoutTraffic: astray, unknownAllocation: unknown, compared, segments, pValue } = ratio;
  if (rule?.adaptive) {
    return untold('adaptive', 'Not checked: an algorithm moves traffic between the variations.');
  }
  const left =
    unknown > 0
      ? ` ${visitors(unknown)} not compared: no datafile of the revision that their events name was in force here.`
      : '';
  const p = isTold ? pValue : undefined;
  if (isTold && pValue < MISMATCH_P_VALUE) {
    const explanation =
      `Sample ratio mismatch (p below ${MISMATCH_P_VALUE}, whenever you look): the results can't be trusted. ` +
      `${whereToLook(ratio, rule)}${left}`;
    return { verdict: 'mismatch', pValue: p, explanation };
  }
  if (astray > 0) {
    const explanation =
      `${visitors(astray)} in ${named(keysOf(ratio.variationsWithoutTraffic, rule))}, which the traffic allocation gives no traffic: ` +
      `look for forced decisions, a changed allocation, or a sender with another datafile.${left}`;
    return { verdict: 'no_traffic', pValue: p, explanation };
  }
  if (rule === undefined) {
    return untold('unknown', 'Not checked: no datafile says how the traffic is divided.');
  }
  if (unknown > 0 && compared === 0) return untold('unknown', `Not checked:${left}`);
  if (rule.weights.size < 2 && segments.every(({ weights }) => weights.size < 2)) {
    return untold('untestable', 'Not checked: fewer than two variations have traffic.');
  }
  if (!isTold) {
    return untold(
      'too_few',
      `Too few visitors to tell: five are expected in each variation at least.${left}`,
    );
  }
  const changes = segments.length > 1 ? `, in ${segments.length} allocations one after the other` : '';
  return {
    verdict: 'as_expected',
    pValue: p,
    explanation: `As the datafile's traffic allocation says, so far${changes}.${left}`,
  };
}

function whereToLook({ withoutVisitors, compared }: SampleRatioMonitor, rule: NamedRule | undefined): string {
  if (withoutVisitors.length === 0) {
    return 'Look for impressions that are lost or recorded twice, user ids that change, and bots.';
  }
  return (
    `None of the ${compared.toLocaleString('en-US')} visitors that were compared saw ${named(keysOf(withoutVisitors, rule))}: ` +
    'look for decisions that are forced, impressions that are recorded in one branch of the code only, and a sender with another datafile.'
  );
}

function keysOf(variationIds: readonly string[], rule: NamedRule | undefined): string[] {
  return variationIds.map(id => rule?.variations.get(id) || id);
}

function untold(verdict: SampleRatioView['verdict'], explanation: string): Verdict {
  return { verdict, pValue: undefined, explanation };
}

function visitors(count: number): string {
  return count === 1 ? '1 visitor is' : `${count} visitors are`;
}
