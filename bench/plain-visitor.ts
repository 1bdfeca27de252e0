// SPDX-License-Identifier: Apache-2.0
import {
  ATTRIBUTE_IDS,
  type ConversionInput,
  DECISION,
  EVENT_IDS,
  type ImpressionInput,
} from './workload.js';

/** One element of a batch's `visitors`, as one writes it down who has Optimizely's reference open. */
export type PlainVisitor = ReturnType<typeof plainConversion> | ReturnType<typeof plainImpression>;

/** A batch's payload, by the same reference. */
export function plainPayload(visitors: readonly PlainVisitor[]) {
  return {
    account_id: '12001',
    project_id: '15001',
    revision: '42',
    client_name: 'plain',
    client_version: '1.0.0',
    anonymize_ip: false,
    enrich_decisions: true,
    visitors,
  };
}

export function plainConversion({ userId, eventKey, attributes, tags }: ConversionInput, uuid: string) {
  return {
    visitor_id: userId,
    attributes: plainAttributes(attributes),
    snapshots: [
      {
        events: [
          {
            entity_id: EVENT_IDS[eventKey],
            key: eventKey,
            timestamp: Date.now(),
            uuid,
            revenue: tags.revenue,
            value: tags.value,
            tags,
          },
        ],
      },
    ],
  };
}

export function plainImpression(input: ImpressionInput, uuid: string) {
  const { userId, flagKey, ruleKey, variationKey, enabled, attributes } = input;
  return {
    visitor_id: userId,
    attributes: plainAttributes(attributes),
    snapshots: [
      {
        decisions: [
          {
            campaign_id: DECISION.campaignId,
            experiment_id: DECISION.experimentId,
            variation_id: DECISION.variationId,
            metadata: {
              flag_key: flagKey,
              rule_key: ruleKey,
              rule_type: 'feature-test',
              variation_key: variationKey,
              enabled,
            },
          },
        ],
        events: [{ entity_id: DECISION.campaignId, timestamp: Date.now(), key: 'campaign_activated', uuid }],
      },
    ],
  };
}

function plainAttributes(attributes: object) {
  return Object.entries(attributes).map(([key, value]) => ({
    entity_id: ATTRIBUTE_IDS[key],
    key,
    type: 'custom',
    value,
  }));
}
