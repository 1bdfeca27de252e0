// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectsOf } from '../../util/json.js';
import { stringOf } from '../../util/text-of.js';

/**
 * One event of a batch, flat. A member that is absent or of another type on the wire is `''` here, null for
 * the ids that may be null, NaN for the timestamp.
 */
export interface WireEvent {
  /** `impression`: its key or type is `campaign_activated`. */
  readonly type: 'impression' | 'conversion';
  readonly visitorId: string;
  readonly uuid: string;
  /** Milliseconds since the epoch, if the sender kept to it. */
  readonly timestamp: number;
  /** An impression's campaign, a conversion's event id. */
  readonly entityId: string | null;
  readonly key: string;
  /** This and the members below: of an impression's decision; absent where it has none. `''`: no rule decided. */
  readonly experimentId?: string;
  readonly campaignId?: string | null;
  readonly variationId?: string | null;
  readonly variationKey?: string;
  readonly ruleKey?: string;
  readonly ruleType?: string;
  readonly flagKey?: string;
}

/** An event with the parts of the batch it was read from. */
export interface EventReading {
  readonly event: WireEvent;
  readonly params: JsonObject;
  readonly visitor: JsonObject;
  readonly wire: JsonObject;
  /** An impression's: the decision of its campaign, else the first of the snapshot. */
  readonly decision: JsonObject | undefined;
}

export interface BatchReading {
  readonly readings: EventReading[];
  /** Events past the first so many that were asked for. */
  readonly left: number;
  /** Paths of what should have been a list or an object and was not. */
  readonly unreadable: string[];
}

const ACTIVATED = 'campaign_activated';

/**
 * Reads the events of a batch, in order, whatever the batch is made of. Never throws.
 *
 * @param most so many events are read, the others are counted: 3.5 MB hold a million that are nothing but braces
 */
export function readBatch(params: JsonObject, most = Number.POSITIVE_INFINITY): BatchReading {
  const readings: EventReading[] = [];
  let left = 0;
  const unreadable: string[] = [];
  for (const [visitor, visitorPath] of objectsIn(params.visitors, 'visitors', unreadable)) {
    for (const [snapshot, path] of objectsIn(visitor.snapshots, `${visitorPath}.snapshots`, unreadable)) {
      const decisionFor = decisionFinder(snapshot);
      for (const [wire] of objectsIn(snapshot.events, `${path}.events`, unreadable)) {
        if (readings.length >= most) {
          left++;
          continue;
        }
        const impression = wire.key === ACTIVATED || wire.type === ACTIVATED;
        const decision = impression ? decisionFor(wire.entity_id) : undefined;
        const event: WireEvent = {
          type: impression ? 'impression' : 'conversion',
          visitorId: stringOf(visitor.visitor_id),
          uuid: stringOf(wire.uuid),
          timestamp: typeof wire.timestamp === 'number' ? wire.timestamp : Number.NaN,
          entityId: stringOrNull(wire.entity_id),
          key: stringOf(wire.key),
          ...(decision && decisionMembers(decision)),
        };
        readings.push({ event, params, visitor, wire, decision });
      }
    }
  }
  return { readings, left, unreadable };
}

function* objectsIn(list: unknown, path: string, unreadable: string[]): Generator<[JsonObject, string]> {
  if (!Array.isArray(list)) {
    unreadable.push(path);
    return;
  }
  for (const [index, item] of list.entries()) {
    if (isObject(item)) yield [item, `${path}[${index}]`];
    else unreadable.push(`${path}[${index}]`);
  }
}

function decisionFinder(snapshot: JsonObject): (campaignId: unknown) => JsonObject | undefined {
  const decisions = objectsOf(snapshot.decisions);
  const byCampaign = new Map<unknown, JsonObject>();
  for (const decision of decisions) {
    const campaignId = decision.campaign_id ?? '';
    if (!byCampaign.has(campaignId)) byCampaign.set(campaignId, decision);
  }
  return campaignId => byCampaign.get(campaignId ?? '') ?? decisions[0];
}

function decisionMembers(decision: JsonObject) {
  const metadata = isObject(decision.metadata) ? decision.metadata : {};
  return {
    experimentId: stringOf(decision.experiment_id),
    campaignId: stringOrNull(decision.campaign_id),
    variationId: stringOrNull(decision.variation_id),
    variationKey: stringOf(metadata.variation_key),
    ruleKey: stringOf(metadata.rule_key),
    ruleType: stringOf(metadata.rule_type),
    flagKey: stringOf(metadata.flag_key),
  };
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
