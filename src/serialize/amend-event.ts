// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type {
  ExperimentConversion,
  ExperimentEvent,
  ExperimentImpression,
  UserAttributes,
} from '../model/experiment-event.js';
import type { Decision, Snapshot, SnapshotEvent, Visitor, VisitorAttribute } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { attributeOpening, isReserved } from '../util/attribute-openings.js';
import { keyOfWireAttribute } from '../util/text-of.js';
import { isAttributeValue, serializeTags } from './serialize-members.js';

/** The text is of one event. */
interface VisitorOfOne extends Omit<Visitor, 'attributes'> {
  attributes?: VisitorAttribute[] | null;
  readonly snapshots: [Omit<Snapshot, 'events'> & { readonly events: [SnapshotEvent] }];
}

/**
 * Carries what was changed of an event, by its keys, over to the text that another SDK made of it. What was not
 * changed stays as that text has it.
 *
 * @param after of the same type
 * @param config knows the ids of attributes that were added
 * @returns undefined if the changed event can't be sent
 */
export function amendEvent(
  event: SerializedEvent,
  before: ExperimentEvent,
  after: ExperimentEvent,
  config: DatafileIndex | undefined,
): SerializedEvent | undefined {
  if (after === before) return event;
  try {
    return amended(event, before, after, config);
  } catch {
    return undefined;
  }
}

/** @throws what parsing the text, or serializing what was added, throws; a TypeError if the text has no event */
function amended(
  event: SerializedEvent,
  before: ExperimentEvent,
  after: ExperimentEvent,
  config: DatafileIndex | undefined,
): SerializedEvent {
  const visitor = JSON.parse(event.json) as VisitorOfOne;
  const [{ events, decisions }] = visitor.snapshots;
  const [wire] = events;
  visitor.visitor_id = after.userId;
  if (!sameJson(before.attributes, after.attributes)) {
    visitor.attributes = amendAttributes(
      visitor.attributes ?? [],
      before.attributes,
      after.attributes,
      config,
    );
  }
  wire.uuid = after.uuid;
  wire.timestamp = after.timestamp;
  if (before.type === 'conversion') amendConversion(wire, before, after as ExperimentConversion);
  else if (decisions?.[0] !== undefined) {
    amendDecision(decisions[0], wire, before, after as ExperimentImpression);
  }
  const json = JSON.stringify(visitor);
  return { ...event, uuid: after.uuid, json, byteLength: Buffer.byteLength(json) };
}

/** Those that are not the user's, as the mark of bot filtering, stay. */
function amendAttributes(
  wire: readonly VisitorAttribute[],
  before: UserAttributes = {},
  after: UserAttributes = {},
  config: DatafileIndex | undefined,
): VisitorAttribute[] {
  const left = new Map(Object.entries(after));
  const amended: VisitorAttribute[] = [];
  for (const attribute of wire) {
    const key = keyOfWireAttribute(attribute);
    const value = left.get(key);
    if (!Object.hasOwn(before, key)) amended.push(attribute);
    else if (isAttributeValue(value)) amended.push({ ...attribute, value });
    left.delete(key);
  }
  for (const [key, value] of left) {
    const opening = config === undefined ? openingWithoutDatafile(key) : config.attributeOpening(key);
    if (opening === undefined || !isAttributeValue(value)) continue;
    amended.push(JSON.parse(`${opening}${JSON.stringify(value)}}`) as VisitorAttribute);
  }
  return amended;
}

function openingWithoutDatafile(key: string): string | undefined {
  return isReserved(key) ? attributeOpening(key, key) : undefined;
}

function amendDecision(
  decision: Decision,
  wire: SnapshotEvent,
  before: ExperimentImpression,
  after: ExperimentImpression,
): void {
  // Older SDKs write none.
  const metadata = decision.metadata ?? ({} as Decision['metadata']);
  if (after.flagKey !== before.flagKey) metadata.flag_key = after.flagKey;
  if (after.ruleKey !== before.ruleKey) metadata.rule_key = after.ruleKey;
  if (after.ruleType !== before.ruleType && !isTypeAdded(before, after))
    metadata.rule_type = after.ruleType ?? '';
  if (after.variationKey !== before.variationKey) metadata.variation_key = after.variationKey;
  if (after.enabled !== before.enabled) metadata.enabled = after.enabled;
  if (after.cmabUuid !== before.cmabUuid) metadata.cmab_uuid = after.cmabUuid ?? '';
  if (Object.keys(metadata).length > 0) decision.metadata = metadata;
  if (after.experimentId !== before.experimentId) decision.experiment_id = after.experimentId ?? '';
  if (after.variationId !== before.variationId) decision.variation_id = after.variationId ?? null;
  if (after.campaignId !== before.campaignId) {
    decision.campaign_id = after.campaignId ?? null;
    wire.entity_id = decision.campaign_id;
  }
}

/** Without a flag, a rule that names no type has one once the answer of `beforeSend` was checked. */
function isTypeAdded(before: ExperimentImpression, after: ExperimentImpression): boolean {
  return before.ruleType === undefined && after.ruleType === 'experiment' && after.flagKey === '';
}

function amendConversion(
  wire: SnapshotEvent,
  before: ExperimentConversion,
  after: ExperimentConversion,
): void {
  if (after.eventKey !== before.eventKey) wire.key = after.eventKey;
  if (after.eventId !== before.eventId) wire.entity_id = after.eventId ?? null;
  // Of the same tags the amounts stay too, also where the other side reads them otherwise than we do.
  if (sameJson(before.tags, after.tags)) return;
  const tags = serializeTags(after.tags);
  const { revenue, value } = after;
  Object.assign(wire, { revenue, value, tags: tags && JSON.parse(tags) });
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
