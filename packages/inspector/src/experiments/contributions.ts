// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { eventIdOf } from './event-tally.js';
import type { AmountTally, ExperimentTallies } from './experiment-tally.js';
import type { Contribution, Decision } from './visitor-record.js';

/** Counts a conversion for the variation that the visitor belongs to, or notes that it came too early for it. */
export function credit(tallies: ExperimentTallies, decision: Decision, event: InspectedEvent): void {
  const { experimentId, variationId, timestamp } = decision;
  const eventId = eventIdOf(event);
  const metric = tallies.metric(experimentId, variationId, eventId);
  if (metric === undefined) return;
  metric.key = event.key;
  const own = contributionTo(decision, eventId);
  if (event.timestamp < timestamp) {
    own.early++;
    metric.early++;
  } else if (event.timestamp === timestamp) {
    own.tied++;
    metric.tied++;
  } else {
    if (own.conversions++ === 0) metric.visitors++;
    metric.conversions++;
    if (event.revenue !== undefined) {
      own.revenues++;
      own.revenue = grow(metric.revenue, own.revenue, event.revenue);
    }
    if (event.value !== undefined) {
      own.values++;
      own.value = grow(metric.value, own.value, event.value);
    }
  }
}

/** Takes back all that was counted for a decision. */
export function takeBack(tallies: ExperimentTallies, decision: Decision): void {
  const { experimentId, variationId, contributions } = decision;
  const variation = tallies.variation(experimentId, variationId);
  if (variation !== undefined) variation.visitors--;
  for (const own of contributions ?? []) {
    const metric = tallies.metric(experimentId, variationId, own.eventId);
    if (metric === undefined) continue;
    if (own.conversions > 0) metric.visitors--;
    metric.conversions -= own.conversions;
    metric.early -= own.early;
    metric.tied -= own.tied;
    shrink(metric.revenue, own.revenue, own.revenues);
    shrink(metric.value, own.value, own.values);
  }
}

/** @returns the visitor's total */
function grow(amount: AmountTally, before: number, added: number): number {
  const after = before + added;
  amount.count++;
  amount.sum += added;
  amount.squares += after * after - before * before;
  return after;
}

function shrink(amount: AmountTally, total: number, count: number): void {
  amount.count -= count;
  amount.sum -= total;
  amount.squares -= total * total;
}

function contributionTo(decision: Decision, eventId: string): Contribution {
  decision.contributions ??= [];
  for (const known of decision.contributions) if (known.eventId === eventId) return known;
  const added = { eventId, conversions: 0, early: 0, tied: 0, revenue: 0, revenues: 0, value: 0, values: 0 };
  decision.contributions.push(added);
  return added;
}
