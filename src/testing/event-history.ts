// SPDX-License-Identifier: Apache-2.0
import type { ReceivedEvent } from './event-checks.js';

/**
 * What was received so far, for the checks that one batch alone can't answer. Grows with every event and every
 * visitor: made for tests and development, not for a service.
 */
export class EventHistory {
  readonly #received = new Set<string>();
  /** By visitor: the earliest timestamp of a decision that counts. */
  readonly #firstDecisions = new Map<string, number>();
  /** By visitor: conversions without an earlier decision so far. */
  readonly #undecided = new Map<string, ReceivedEvent[]>();

  /**
   * Adds to `event.problems` what the events before it show. Optimizely goes by timestamps and batches overtake
   * each other, so `no_earlier_decision` is taken back from a conversion once an earlier decision arrives.
   */
  add(event: ReceivedEvent): void {
    this.#checkDuplicate(event);
    if (event.type === 'conversion') this.#addConversion(event);
    // What Optimizely does not count, or no experiment made, decides nothing.
    else if (event.problems.length === 0 && event.experimentId !== '') this.#addDecision(event);
  }

  #checkDuplicate({ entityId, uuid, timestamp, problems }: ReceivedEvent): void {
    if (uuid === '') return;
    const identity = JSON.stringify([entityId, uuid, timestamp]);
    if (this.#received.has(identity)) {
      const message =
        'entity_id, uuid and timestamp were received before: counted once; give each event its own uuid';
      problems.push({ code: 'duplicate', message });
    }
    this.#received.add(identity);
  }

  #addConversion(event: ReceivedEvent): void {
    // There is no time to compare, and the event has its problem already.
    if (event.problems.some(({ code }) => code === 'timestamp_not_millis')) return;
    const { visitorId, timestamp } = event;
    if ((this.#firstDecisions.get(visitorId) ?? Number.POSITIVE_INFINITY) < timestamp) return;
    event.problems.push({
      code: 'no_earlier_decision',
      message: 'no counted decision of this visitor has an earlier timestamp: record the impression first',
    });
    const undecided = this.#undecided.get(visitorId);
    if (undecided === undefined) this.#undecided.set(visitorId, [event]);
    else undecided.push(event);
  }

  #addDecision({ visitorId, timestamp }: ReceivedEvent): void {
    if (timestamp >= (this.#firstDecisions.get(visitorId) ?? Number.POSITIVE_INFINITY)) return;
    this.#firstDecisions.set(visitorId, timestamp);
    const undecided = this.#undecided.get(visitorId) ?? [];
    for (const conversion of undecided) if (conversion.timestamp > timestamp) takeBack(conversion);
    const left = undecided.filter(conversion => conversion.timestamp <= timestamp);
    if (left.length > 0) this.#undecided.set(visitorId, left);
    else this.#undecided.delete(visitorId);
  }
}

function takeBack({ problems }: ReceivedEvent): void {
  const index = problems.findIndex(({ code }) => code === 'no_earlier_decision');
  if (index >= 0) problems.splice(index, 1);
}
