// SPDX-License-Identifier: Apache-2.0
import type { CountedOutcome, EventCount, EventCounter } from '../model/engine.js';
import type { LaterReason, Receipt, RefusalReason } from '../model/receipt.js';
import type { Runtime } from '../model/runtime.js';
import { Admission } from '../receipt/admission.js';
import type { Settled } from '../receipt/owed-receipt.js';
import { retryAfterSeconds } from '../receipt/retry-after.js';
import { describeSettled } from './describe-refusal.js';
import { Refusals } from './refusals.js';
import type { RefusedEvents } from './refused-events.js';
import type { RequestPlan } from './request-plan.js';

export interface ReceiptDependencies {
  readonly runtime: Runtime;
  readonly countEvents: EventCounter;
  readonly refusedEvents: Pick<RefusedEvents, 'note'>;
}

interface Admitted {
  readonly project: string;
  readonly count: number;
  readonly admission: Admission;
}

/** Events that were handed to the exporter. */
interface HandedOver {
  readonly project: string;
  readonly count: number;
  readonly settled: Promise<Settled>;
}

/** Takes all that a plan has to take, or nothing, and says what the sender is told. Never rejects. */
export async function giveReceipt(
  plan: RequestPlan,
  { door, sender }: Pick<EventCount, 'door' | 'sender'>,
  dependencies: ReceiptDependencies,
): Promise<Receipt> {
  const { runtime } = dependencies;
  if (plan.later !== undefined) return later503(plan.later.reason, runtime, plan.later.detail);
  const admitted = admitAll(plan, sender);
  if (admitted === 'too_large') return { status: 'too_large', message: TOO_LARGE };
  if (typeof admitted === 'string') return later503(admitted, runtime);
  const handedOver = admitted.map(({ project, count, admission }) => ({
    project,
    count,
    settled: admission.handOver(),
  }));
  const { refused, shown } = plan;
  return awaitReceipt(handedOver, { refused, shown }, { door, sender }, dependencies);
}

/** Apart from where the events are at hand: they are not kept twice while their delivery is waited for. */
export async function awaitReceipt(
  handedOver: readonly HandedOver[],
  { refused: refusedBefore, shown }: Pick<RequestPlan, 'refused' | 'shown'>,
  { door, sender }: Pick<EventCount, 'door' | 'sender'>,
  { runtime, countEvents, refusedEvents }: ReceiptDependencies,
): Promise<Receipt> {
  const settled = await Promise.all(handedOver.map(({ settled }) => settled));
  const refusals = new Refusals();
  const count = (project: string, outcome: CountedOutcome, n: number) => {
    if (n > 0) countEvents({ door, project, sender, outcome, count: n });
  };
  const postponed = settled.find(({ status }) => status === 'later');
  if (postponed?.status === 'later') return later503(postponed.reason, runtime);
  for (const [index, { project, count: events }] of handedOver.entries()) {
    const { refused, streamed } = outcomesOf(settled[index]);
    for (const [reason, n] of refused) {
      refusals.add(reason, describeSettled(reason), n);
      count(project, reason, n);
    }
    count(project, 'streamed', streamed);
    count(project, 'taken', events - streamed - refused.reduce((sum, [, n]) => sum + n, 0));
  }
  for (const refusal of refusedBefore) {
    const { project, reason, message, count: n } = refusal;
    refusals.add(reason, message, n);
    count(project, reason, n);
    refusedEvents.note(refusal);
  }
  let shownOnly = 0;
  for (const [project, n] of shown) {
    shownOnly += n;
    count(project, 'shown_only', n);
  }
  return { status: 'taken', refused: refusals.list(), shownOnly };
}

export function later503(
  reason: LaterReason,
  runtime: Runtime,
  detail?: string,
): Receipt & { readonly status: 'later' } {
  const seconds = retryAfterSeconds(reason, runtime.random());
  return { status: 'later', reason, retryAfterSeconds: seconds, ...(detail !== undefined && { detail }) };
}

export const TOO_LARGE =
  'the request holds more than maxQueueSize, maxQueueBytes or maxStoreBytes of its project allow at once: send smaller batches';

function admitAll(plan: RequestPlan, sender: string): Admitted[] | LaterReason | 'too_large' {
  const admitted: Admitted[] = [];
  for (const [project, events] of plan.taken) {
    const admission = project.admit(sender, events);
    if (!(admission instanceof Admission)) {
      for (const before of admitted) before.admission.takeBack();
      return admission;
    }
    admitted.push({ project: project.name, count: events.length, admission });
  }
  return admitted;
}

function outcomesOf(settled: Settled | undefined): {
  readonly refused: (readonly [RefusalReason, number])[];
  readonly streamed: number;
} {
  if (settled?.status !== 'taken') return { refused: [], streamed: 0 };
  return { refused: [...settled.refused], streamed: settled.streamed };
}
