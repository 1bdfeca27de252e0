// SPDX-License-Identifier: Apache-2.0
import type { ReceivedEvent } from './event-checks.js';
import { EVENT_WARNINGS, type EventProblem } from './event-problem.js';

export const DUPLICATE: EventProblem = {
  code: 'duplicate',
  message: 'entity_id, uuid and timestamp were received before: counted once; give each event its own uuid',
};
export const NO_EARLIER_DECISION: EventProblem = {
  code: 'no_earlier_decision',
  message: 'no counted decision of this visitor has an earlier timestamp: record the impression first',
};

/**
 * What was received so far, for the checks that one batch alone can't answer. Grows with every event and every
 * visitor: made for tests and development, not for a service.
 */
export class EventHistory {
  readonly #received = new Set<string>();
  /** By visitor: the earliest timestamp of a decision that counts. */
  readonly #firstDecisions = new Map<string, number>();
  /** By visitor: conversions without an earlier decision so far, by ascending timestamp. */
  readonly #undecided = new Map<string, ReceivedEvent[]>();

  /**
   * Adds to `event.problems` what the events before it show. Optimizely goes by timestamps and batches overtake
   * each other, so `no_earlier_decision` is taken back from a conversion once an earlier decision arrives.
   */
  add(event: ReceivedEvent): void {
    this.#checkDuplicate(event);
    if (event.type === 'conversion') this.#addConversion(event);
    // What Optimizely does not count, or no experiment made, decides nothing.
    else if (isCounted(event) && event.experimentId !== '') this.#addDecision(event);
  }

  #checkDuplicate({ entityId, uuid, timestamp, problems }: ReceivedEvent): void {
    if (uuid === '') return;
    const identity = JSON.stringify([entityId, uuid, timestamp]);
    if (this.#received.has(identity)) problems.push(DUPLICATE);
    this.#received.add(identity);
  }

  #addConversion(event: ReceivedEvent): void {
    // There is no time to compare, and the event has its problem already.
    if (event.problems.some(({ code }) => code === 'timestamp_not_millis')) return;
    const { visitorId, timestamp } = event;
    if ((this.#firstDecisions.get(visitorId) ?? Number.POSITIVE_INFINITY) < timestamp) return;
    event.problems.push(NO_EARLIER_DECISION);
    const undecided = this.#undecided.get(visitorId);
    if (undecided === undefined) this.#undecided.set(visitorId, [event]);
    else insertByTimestamp(undecided, event);
  }

  #addDecision({ visitorId, timestamp }: ReceivedEvent): void {
    if (timestamp >= (this.#firstDecisions.get(visitorId) ?? Number.POSITIVE_INFINITY)) return;
    this.#firstDecisions.set(visitorId, timestamp);
    const undecided = this.#undecided.get(visitorId) ?? [];
    let latest = undecided.at(-1);
    while (latest !== undefined && latest.timestamp > timestamp) {
      takeBack(latest);
      undecided.pop();
      latest = undecided.at(-1);
    }
  }
}

function isCounted({ problems }: ReceivedEvent): boolean {
  return problems.every(({ code }) => EVENT_WARNINGS.has(code));
}

function insertByTimestamp(sorted: ReceivedEvent[], event: ReceivedEvent): void {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.timestamp ?? 0) <= event.timestamp) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, event);
}

function takeBack({ problems }: ReceivedEvent): void {
  const index = problems.findIndex(({ code }) => code === 'no_earlier_decision');
  if (index >= 0) problems.splice(index, 1);
}
