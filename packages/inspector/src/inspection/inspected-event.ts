// SPDX-License-Identifier: Apache-2.0
import type { EventReading } from 'opentelemetry-exporter-optimizely/testing';
import type { Interner } from '../util/interner.js';
import type { InspectedEvent } from './inspected-batch.js';
import type { Problem } from './problem.js';
import type { SpanIds } from './sender-notes.js';

interface Found {
  readonly problems: readonly Problem[];
  readonly span: SpanIds | undefined;
}

/**
 * Keeps of an event what is needed while it is shown. Hundreds of thousands are kept, so that each has one of two forms, and
 * shares its keys and ids with others.
 */
export function toInspected(reading: EventReading, found: Found, interner: Interner): InspectedEvent {
  const { event, visitor, wire, decision } = reading;
  const { type, uuid, timestamp } = event;
  const { visitor_id: id } = visitor;
  const visitorIsNumber = typeof id === 'number';
  const visitorId = visitorIsNumber ? String(id) : event.visitorId;
  const { problems } = found;
  const span = found.span?.traceId === undefined ? undefined : found.span;
  const entityId = interner.of(event.entityId);
  const key = interner.of(event.key);
  const revenue = numberOf(wire.revenue);
  const value = numberOf(wire.value);
  const kept = false;
  if (decision === undefined) {
    return {
      type,
      visitorId,
      uuid,
      timestamp,
      entityId,
      key,
      visitorIsNumber,
      kept,
      problems,
      span,
      revenue,
      value,
    };
  }
  return {
    type,
    visitorId,
    uuid,
    timestamp,
    entityId,
    key,
    visitorIsNumber,
    kept,
    problems,
    span,
    revenue,
    value,
    experimentId: interner.of(event.experimentId ?? ''),
    campaignId: interner.of(event.campaignId ?? null),
    variationId: interner.of(event.variationId ?? null),
    variationKey: interner.of(event.variationKey ?? ''),
    ruleKey: interner.of(event.ruleKey ?? ''),
    ruleType: interner.of(event.ruleType ?? ''),
    flagKey: interner.of(event.flagKey ?? ''),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
