// SPDX-License-Identifier: Apache-2.0
import {
  type AttributeValue,
  type EventTags,
  type ExperimentConversion,
  type ExperimentEvent,
  type ExperimentEventType,
  type ExperimentImpression,
  RULE_TYPES,
  type UserAttributes,
} from '../model/experiment-event.js';
import { isObject, type JsonObject, objectsOf } from '../util/json.js';
import { keyOfWireAttribute, stringOf } from '../util/text-of.js';

/** What is to be known of a visitor besides its text. */
export interface VisitorReading {
  readonly type: ExperimentEventType;
  /** `''` if it has none. */
  readonly uuid: string;
  /** The event by its keys; undefined if the visitor has several events, or one that Optimizely's SDK does not build. */
  readonly event: ExperimentEvent | undefined;
}

const IMPRESSION_KEY = 'campaign_activated';
/** Not the user's: the datafile's mark. */
const BOT_FILTERING = '$opt_bot_filtering';

export function readVisitor(visitor: JsonObject): VisitorReading {
  const snapshots = objectsOf(visitor.snapshots);
  const events = snapshots.flatMap(snapshot => objectsOf(snapshot.events));
  const decisions = snapshots.flatMap(snapshot => objectsOf(snapshot.decisions));
  const [first] = events;
  const isImpression = events.length > 0 && events.every(event => event.key === IMPRESSION_KEY);
  return {
    type: isImpression ? 'impression' : 'conversion',
    uuid: stringOf(first?.uuid),
    event:
      first !== undefined && events.length === 1 && decisions.length === Number(isImpression)
        ? readEvent(visitor, first, decisions[0])
        : undefined,
  };
}

function readEvent(
  visitor: JsonObject,
  event: JsonObject,
  decision: JsonObject | undefined,
): ExperimentEvent | undefined {
  const { visitor_id: userId } = visitor;
  const { uuid, timestamp } = event;
  if (typeof userId !== 'string' || typeof uuid !== 'string' || typeof timestamp !== 'number')
    return undefined;
  // What has no keys can't be shown by them, and a privacy filter that does not see it would let it out.
  if (!isListOfObjects(visitor.attributes) || !isObject(event.tags ?? {})) return undefined;
  const recorded = { userId, uuid, timestamp, attributes: readAttributes(visitor.attributes) };
  return decision === undefined
    ? readConversion(recorded, event)
    : readImpression(recorded, decision, isObject(decision.metadata) ? decision.metadata : {});
}

type Recorded = Pick<ExperimentEvent, 'userId' | 'uuid' | 'timestamp' | 'attributes'>;

function readImpression(
  recorded: Recorded,
  decision: JsonObject,
  metadata: JsonObject,
): ExperimentImpression {
  return {
    type: 'impression',
    ...recorded,
    flagKey: stringOf(metadata.flag_key),
    ruleKey: stringOf(metadata.rule_key),
    ruleType: RULE_TYPES.find(type => type === metadata.rule_type),
    variationKey: stringOf(metadata.variation_key),
    enabled: metadata.enabled !== false,
    experimentId: stringOf(decision.experiment_id) || undefined,
    campaignId: stringOf(decision.campaign_id) || undefined,
    variationId: stringOf(decision.variation_id) || undefined,
    cmabUuid: stringOf(metadata.cmab_uuid) || undefined,
  };
}

function readConversion(recorded: Recorded, event: JsonObject): ExperimentConversion {
  return {
    type: 'conversion',
    ...recorded,
    eventKey: stringOf(event.key),
    eventId: stringOf(event.entity_id) || undefined,
    tags: isObject(event.tags) ? (event.tags as EventTags) : undefined,
    revenue: numberOf(event.revenue),
    value: numberOf(event.value),
  };
}

function readAttributes(list: unknown): UserAttributes | undefined {
  const own = objectsOf(list).filter(attribute => !isBotFilteringMark(attribute));
  if (own.length === 0) return undefined;
  // fromEntries defines members, so a key named __proto__ stays a key.
  return Object.fromEntries(
    own.map(attribute => [keyOfWireAttribute(attribute), attribute.value as AttributeValue]),
  );
}

function isBotFilteringMark({ entity_id, value }: JsonObject): boolean {
  return entity_id === BOT_FILTERING && typeof value === 'boolean';
}

function isListOfObjects(list: unknown): boolean {
  return list === undefined || list === null || (Array.isArray(list) && list.every(isObject));
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
