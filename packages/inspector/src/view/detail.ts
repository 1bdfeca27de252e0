// SPDX-License-Identifier: Apache-2.0

import { type EventReading, readBatch } from 'opentelemetry-exporter-optimizely/testing';
import { counted } from '../diagnosis/words.js';
import type { InspectedBatch, RefusedRequest } from '../inspection/inspected-batch.js';
import type { Inspection } from '../inspection/inspection.js';
import type { ProjectNames } from '../inspection/project-names.js';
import { isObject, type JsonObject, objectIn, objectsOf, textOf } from '../util/json.js';
import { visibleText } from '../util/visible-text.js';
import { judgeConversion } from './judge-conversion.js';
import { experimentName, variationName } from './names.js';
import { batchRow, viewProblems } from './rows.js';
import type { Detail, MeaningLine } from './types.js';

const LONGEST_PAYLOAD = 200_000;

/** An event as it was sent, without the others of its batch, and what it means. @returns undefined if it is no longer kept */
export function eventDetail(inspection: Inspection, sequence: number, index: number): Detail | undefined {
  const batch = inspection.log.find(sequence);
  const event = batch?.events[index];
  if (batch === undefined || event === undefined) return undefined;
  const reading = readBatch(objectIn(batch.body), index + 1).readings[index];
  if (reading === undefined) return undefined;
  const { visitor, wire, decision } = reading;
  const snapshot = { ...(decision && { decisions: [decision] }), events: [wire] };
  const names = inspection.project?.names;
  const lines: MeaningLine[] = [
    { label: 'Visitor', meaning: visibleText(event.visitorId) },
    { label: 'Time', meaning: timeOf(event.timestamp), id: String(wire.timestamp) },
  ];
  if (event.type === 'impression') {
    const { flagKey = '', experimentId, campaignId, variationId, ruleType = '' } = event;
    if (flagKey !== '') lines.push({ label: 'Flag', meaning: flagKey });
    lines.push(
      { label: ruleType || 'Experiment', meaning: experimentName(event, names), id: experimentId },
      { label: 'Variation', meaning: variationName(event, names) || 'none', id: String(variationId) },
      { label: 'Campaign', meaning: String(campaignId) },
    );
  } else {
    const key = names?.eventKey(event.entityId ?? '') ?? event.key;
    lines.push({ label: 'Event', meaning: key, id: String(event.entityId) });
    if (event.revenue !== undefined) {
      lines.push({
        label: 'Revenue',
        meaning: (event.revenue / 100).toFixed(2),
        id: `${event.revenue} cents`,
      });
    }
    if (event.value !== undefined) lines.push({ label: 'Value', meaning: String(event.value) });
    lines.push(...tagLines(wire.tags));
    for (const meaning of judgeConversion(event, inspection).countsFor) {
      lines.push({ label: 'Counts for', meaning });
    }
  }
  lines.push(...attributeLines(visitor, names), ...originLines(batch, reading));
  if (event.span?.traceId !== undefined) {
    lines.push(
      { label: 'Trace', meaning: event.span.traceId },
      { label: 'Span', meaning: event.span.spanId ?? '' },
    );
  }
  return {
    title: event.type === 'impression' ? 'Impression' : 'Conversion',
    problems: viewProblems(event.problems),
    meaning: lines,
    payload: printed({ ...visitor, snapshots: [snapshot] }),
  };
}

/** A request without its events. @returns undefined if it is no longer kept */
export function batchDetail(inspection: Inspection, sequence: number): Detail | undefined {
  const batch = inspection.log.find(sequence);
  if (batch === undefined) return undefined;
  if (batch.request !== undefined) return refusedDetail(batch, batch.request);
  const { events, visitors, byteLength, client, revision, cause } = batchRow(batch, 0);
  const { visitors: _, ...envelope } = objectIn(batch.body);
  return {
    title: `Batch ${sequence}`,
    problems: viewProblems(batch.problems),
    meaning: [
      { label: 'Received', meaning: timeOf(batch.receivedAt) },
      { label: 'Holds', meaning: `${counted(events, 'event')} of ${counted(visitors, 'visitor')}` },
      { label: 'Size', meaning: `${byteLength} bytes` },
      { label: 'Closed by', meaning: cause ?? 'the sender did not say' },
      { label: 'Answered', meaning: batch.status === undefined ? 'not yet' : String(batch.status) },
      { label: 'Client', meaning: client || 'not named' },
      { label: 'Datafile revision', meaning: revision || 'not named' },
    ],
    payload: printed(envelope),
  };
}

function refusedDetail(batch: InspectedBatch, { method, path, message }: RefusedRequest): Detail {
  const { sequence, receivedAt, body, byteLength, status, problems } = batch;
  return {
    title: `Request ${sequence}`,
    problems: viewProblems(problems),
    meaning: [
      { label: 'Received', meaning: timeOf(receivedAt) },
      { label: 'Request', meaning: `${method} ${path}` },
      { label: 'Size', meaning: `${byteLength} bytes` },
      { label: 'Answered', meaning: `${status}: ${message}` },
    ],
    payload: body.length < byteLength ? `${body}\n… cut here: ${byteLength} bytes in all` : body.toString(),
  };
}

function tagLines(tags: unknown): MeaningLine[] {
  if (!isObject(tags)) return [];
  return Object.entries(tags)
    .slice(0, 50)
    .map(([key, value]) => ({ label: `Tag ${key}`, meaning: shown(value) }));
}

function attributeLines(visitor: JsonObject, names: ProjectNames | undefined): MeaningLine[] {
  return objectsOf(visitor.attributes)
    .slice(0, 50)
    .map(({ entity_id: id, key, value }) => ({
      label: `Attribute ${names?.attributeKey(textOf(id)) ?? textOf(key)}`,
      meaning: shown(value),
      id: textOf(id),
    }));
}

function originLines(batch: InspectedBatch, { params, wire }: EventReading): MeaningLine[] {
  return [
    { label: 'Account, project', meaning: `${textOf(params.account_id)}, ${textOf(params.project_id)}` },
    { label: 'uuid', meaning: textOf(wire.uuid) },
    { label: 'Batch', meaning: `${batch.sequence}, from ${batch.client || 'a client without a name'}` },
  ];
}

function timeOf(millis: number): string {
  return Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : 'not a time';
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : toText(value);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

function printed(value: unknown): string {
  const text = toText(value, 2);
  if (text.length <= LONGEST_PAYLOAD) return text;
  return `${text.slice(0, LONGEST_PAYLOAD)}\n… cut here: ${text.length} characters in all`;
}

/** JSON can be nested deeper than it can be written again. */
function toText(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent) ?? '';
  } catch {
    return '(nested too deep to show)';
  }
}
