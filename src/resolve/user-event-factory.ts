// SPDX-License-Identifier: Apache-2.0
import type { ConversionEvent, ExperimentEvent, ImpressionEvent } from '../model/experiment-event.js';
import type { LedgerWarning } from '../model/ledger.js';
import type { ProjectConfig } from '../model/project-config.js';
import type { UserEvent } from '../model/user-event.js';
import { findDecisionIds, ruleTypeOf } from './decision-ids.js';
import { serializeAttributes, serializeTags } from './serialize-members.js';
import type { Unresolved } from './unresolved.js';

const ACTIVATE_EVENT_KEY = 'campaign_activated';

/** Looks keys up in the datafile and serialises the event: once, to the text that goes on the wire. */
export class UserEventFactory {
  readonly #onWarning: (kind: LedgerWarning) => void;

  constructor({ onWarning = () => {} }: { onWarning?: (kind: LedgerWarning) => void } = {}) {
    this.#onWarning = onWarning;
  }

  /** @param acceptedAt when the event was recorded, monotonic clock in milliseconds */
  createUserEvent(event: ExperimentEvent, config: ProjectConfig, acceptedAt: number): UserEvent | Unresolved {
    let attributes: string;
    try {
      attributes = serializeAttributes(event.attributes, config);
    } catch {
      return { reason: 'invalid', field: 'attributes' };
    }
    const snapshot =
      event.type === 'impression' ? this.#impression(event, config) : this.#conversion(event, config);
    if (typeof snapshot !== 'string') return snapshot;
    const json = `{"visitor_id":${JSON.stringify(event.userId)},"attributes":[${attributes}],"snapshots":[${snapshot}]}`;
    return {
      type: event.type,
      uuid: event.uuid,
      context: config.context,
      json,
      byteLength: Buffer.byteLength(json),
      acceptedAt,
    };
  }

  #impression(event: ImpressionEvent, config: ProjectConfig): string | Unresolved {
    const ruleType = ruleTypeOf(event, config);
    const ids = findDecisionIds(event, ruleType, config);
    if ('reason' in ids) return ids;
    if (ruleType === 'rollout' && !config.sendFlagDecisions) {
      return { reason: 'flag_decisions_off', field: 'ruleType' };
    }
    if (ids.unknownVariation) this.#onWarning('unknown_variation');

    const campaign = JSON.stringify(ids.campaignId);
    const cmab = event.cmabUuid === undefined ? '' : `,"cmab_uuid":${JSON.stringify(event.cmabUuid)}`;
    return (
      `{"decisions":[{"campaign_id":${campaign},"experiment_id":${JSON.stringify(ids.experimentId)}` +
      `,"variation_id":${JSON.stringify(ids.variationId)}` +
      `,"metadata":{"flag_key":${JSON.stringify(event.flagKey)},"rule_key":${JSON.stringify(event.ruleKey)}` +
      `,"rule_type":"${ruleType}","variation_key":${JSON.stringify(event.variationKey)}` +
      `,"enabled":${event.enabled}${cmab}}}]` +
      `,"events":[{"entity_id":${campaign},"timestamp":${event.timestamp},"key":"${ACTIVATE_EVENT_KEY}"` +
      `,"uuid":${JSON.stringify(event.uuid)}}]}`
    );
  }

  #conversion(event: ConversionEvent, config: ProjectConfig): string | Unresolved {
    const eventId = event.eventId ?? config.findEventId(event.eventKey);
    if (eventId === undefined) return { reason: 'unknown_key', field: 'eventKey' };
    let tags: string | undefined;
    try {
      tags = serializeTags(event.tags);
    } catch {
      return { reason: 'invalid', field: 'tags' };
    }
    const revenue = event.revenue === undefined ? '' : `,"revenue":${JSON.stringify(event.revenue)}`;
    const value = event.value === undefined ? '' : `,"value":${JSON.stringify(event.value)}`;
    return (
      `{"events":[{"entity_id":${JSON.stringify(eventId)},"key":${JSON.stringify(event.eventKey)}` +
      `,"timestamp":${event.timestamp},"uuid":${JSON.stringify(event.uuid)}${revenue}${value}` +
      `${tags === undefined ? '' : `,"tags":${tags}`}}]}`
    );
  }
}
