// SPDX-License-Identifier: Apache-2.0
//
// What Optimizely's results page would make of the events: a conversion counts for the first variation of an
// experiment that its visitor saw, if that was earlier.
import type { ReceivedBatch, ReceivedEvent } from 'opentelemetry-exporter-optimizely/testing';

export interface ExperimentFigures {
  readonly experiment: string;
  readonly variations: VariationFigures[];
}

export interface VariationFigures {
  readonly variation: string;
  readonly visitors: number;
  readonly impressions: number;
  readonly addToCarts: number;
  readonly purchases: number;
  /** Of the visitors, those who bought: 0 to 1. */
  readonly purchaseRate: number;
  readonly revenueCents: number;
}

type Timed = ReceivedEvent & { readonly revenueCents: number };

export function figuresOf(batches: readonly ReceivedBatch[]): ExperimentFigures[] {
  const events = batches.flatMap(withRevenue).sort((a, b) => a.timestamp - b.timestamp);
  const impressions = events.filter(({ type }) => type === 'impression');
  const conversions = events.filter(({ type }) => type === 'conversion');
  return [...groupBy(impressions, nameOf)].sort(byKey).map(([experiment, seen]) => {
    const firstOf = new Map<string, Timed>();
    for (const event of seen) if (!firstOf.has(event.visitorId)) firstOf.set(event.visitorId, event);
    const variations = [...groupBy(seen, ({ variationKey = '' }) => variationKey)].sort(byKey);
    return {
      experiment,
      variations: variations.map(([variation, shown]) => {
        const counting = conversions.filter(({ visitorId, timestamp }) => {
          const first = firstOf.get(visitorId);
          return first?.variationKey === variation && first.timestamp < timestamp;
        });
        const purchases = counting.filter(({ key }) => key === 'purchase');
        const visitors = new Set(shown.map(({ visitorId }) => visitorId)).size;
        return {
          variation,
          visitors,
          impressions: shown.length,
          addToCarts: counting.filter(({ key }) => key === 'add_to_cart').length,
          purchases: purchases.length,
          purchaseRate: new Set(purchases.map(({ visitorId }) => visitorId)).size / visitors,
          revenueCents: purchases.reduce((sum, { revenueCents }) => sum + revenueCents, 0),
        };
      }),
    };
  });
}

function nameOf({ flagKey, ruleKey = '' }: ReceivedEvent): string {
  return flagKey ? `${flagKey} / ${ruleKey}` : ruleKey;
}

function withRevenue({ events, params }: ReceivedBatch): Timed[] {
  const sent = params.visitors.flatMap(({ snapshots }) => snapshots.flatMap(snapshot => snapshot.events));
  const revenues = new Map(sent.map(({ uuid, revenue = 0 }) => [uuid, revenue]));
  return events.map(event => ({ ...event, revenueCents: revenues.get(event.uuid) ?? 0 }));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
