// SPDX-License-Identifier: Apache-2.0

import type { JsonObject } from '../../util/json.js';
import type { DatafileIds } from './datafile-ids.js';
import { quote, type Report } from './event-problem.js';
import type { EventReading } from './wire-event.js';

/** Missing ids, and ids that the datafile does not know. Without a datafile only missing ones can be told. */
export function checkIds(reading: EventReading, index: DatafileIds | undefined, report: Report): void {
  const { event, params, visitor, wire } = reading;
  if (isId('account_id', params.account_id, report) && index && params.account_id !== index.accountId) {
    report(
      'unknown_account',
      `account_id ${quote(params.account_id)} is not the datafile's: send its accountId`,
    );
  }
  // The API itself can do without a project_id.
  if (index && params.project_id !== index.projectId) {
    report(
      'unknown_project',
      `project_id ${quote(params.project_id)} is not the datafile's: send its projectId`,
    );
  }
  // Any string is a visitor, '' included.
  if (typeof visitor.visitor_id !== 'string') {
    report('missing_id', 'visitor_id is not a string: send the user id as one');
  }
  isId('uuid', wire.uuid, report);
  if (event.type === 'impression') checkImpression(reading, index, report);
  else checkConversion(reading, index, report);
}

function checkConversion({ wire }: EventReading, index: DatafileIds | undefined, report: Report): void {
  const { entity_id: id } = wire;
  if (isId('entity_id', id, report) && index && !index.eventIds.has(id)) {
    report('unknown_event', `the datafile has no event with the id ${quote(id)}: send the id, not the key`);
  }
}

function checkImpression(reading: EventReading, index: DatafileIds | undefined, report: Report): void {
  const { event, wire, decision } = reading;
  if (decision === undefined) {
    report('missing_id', 'the impression has no decision: put one into the decisions of its snapshot');
    return;
  }
  if (isUnattributed(reading, decision)) {
    if (!isNone(wire.entity_id)) reportMismatch(reading, report);
    if (isNone(decision.variation_id)) return;
  } else {
    checkAttribution(reading, decision, index, report);
  }
  const { variation_id: id } = decision;
  const { experimentId = '', flagKey = '' } = event;
  if (isId('variation_id', id, report) && index && !index.hasVariation(id, experimentId, flagKey)) {
    report(
      'unknown_variation',
      `variation_id ${quote(id)} is not this experiment's: send the id, not the key`,
    );
  }
}

function checkAttribution(
  reading: EventReading,
  { experiment_id: experimentId, campaign_id: campaignId }: JsonObject,
  index: DatafileIds | undefined,
  report: Report,
): void {
  const { entity_id: entityId } = reading.wire;
  const experiment = isId('experiment_id', experimentId, report);
  if (experiment && index) checkExperiment(experimentId, index, report);
  // A holdout is of no campaign: some SDKs send its own id in the place of one, others none.
  if (reading.event.ruleType === 'holdout' && isNone(campaignId) && isNone(entityId)) return;
  const campaign = isId('campaign_id', campaignId, report);
  const entity = isId('entity_id', entityId, report);
  if (campaign && index && !index.hasCampaign(campaignId, experiment ? experimentId : '')) {
    report('unknown_campaign', `campaign_id ${quote(campaignId)} is not this experiment's: send its layerId`);
  }
  if (campaign && entity && campaignId !== entityId) reportMismatch(reading, report);
}

/**
 * A decision for a flag that no rule made: it decided nothing, or was forced for the whole flag. The official SDKs send it
 * too, so nothing is wrong with it; but no experiment counts it and no conversion is attributed to it.
 */
function isUnattributed({ event }: EventReading, decision: JsonObject): boolean {
  const { flagKey = '', ruleKey = '' } = event;
  return flagKey !== '' && ruleKey === '' && isNone(decision.experiment_id) && isNone(decision.campaign_id);
}

/** For "no id" each SDK has its own: Python, Go, Ruby and C# send `''`, JavaScript null, Java leaves the member out. */
function isNone(id: unknown): boolean {
  return id === '' || id === null || id === undefined;
}

function checkExperiment(id: string, index: DatafileIds, report: Report): void {
  const rule = index.findRule(id);
  if (rule === undefined) {
    report(
      'unknown_experiment',
      `the datafile has no experiment with the id ${quote(id)}: send the id, not the key`,
    );
  } else if (rule.status !== undefined && rule.status !== 'Running') {
    report(
      'experiment_not_running',
      `experiment ${quote(id)} is ${quote(rule.status)}: start it at Optimizely`,
    );
  }
}

function reportMismatch({ wire, decision }: EventReading, report: Report): void {
  const [entity, campaign] = [quote(wire.entity_id), quote(decision?.campaign_id)];
  report(
    'campaign_entity_mismatch',
    `entity_id ${entity} is not the decision's campaign_id ${campaign}: send the same`,
  );
}

function isId(name: string, value: unknown, report: Report): value is string {
  if (typeof value === 'string' && value !== '') return true;
  report(
    'missing_id',
    `${name} is ${value === undefined ? 'missing' : quote(value)}: send a non-empty string`,
  );
  return false;
}
