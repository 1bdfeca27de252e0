// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import { EVENT_FEATURE_FLAG_EVALUATION } from '../model/semantic-conventions.js';
import { keepNewest } from '../util/keep-newest.js';
import { hasMember } from '../util/own-members.js';
import { stringOf } from '../util/text-of.js';
import type { EventOrigin, RawEvent } from './raw-event.js';
import { type RawExperimentEvent, readSpanEvent } from './read-span-event.js';

const MAX_KEYS = 10_000;

/**
 * Events that came as log records and may come again, as span events that a bridge has made of them. They carry a mark
 * where the bridge passes a record's time on as it is; here they are known by what they say. Bounded: of an event that
 * was forgotten, a second copy with a uuid is counted once by Optimizely.
 */
export class KnownEvents {
  readonly #keys = new Set<string>();

  has(key: string | undefined): boolean {
    return key !== undefined && this.#keys.has(key);
  }

  add(key: string | undefined): void {
    if (key === undefined) return;
    this.#keys.add(key);
    keepNewest(this.#keys, MAX_KEYS);
  }
}

/** Identifies an event as Optimizely does: by uuid, timestamp and keys. @returns undefined if it has no uuid */
export function keyByUuid(event: ExperimentEvent | RawExperimentEvent): string | undefined {
  const fields = fieldsOf(event);
  const { uuid } = fields;
  return typeof uuid === 'string' && uuid !== '' ? keyOf(event.type, uuid, fields) : undefined;
}

/** Identifies an event without a uuid by its user and its span. @returns undefined if it has no span */
export function keyBySpan(event: RawExperimentEvent, span: EventOrigin | undefined): string | undefined {
  if (span?.spanId === undefined) return undefined;
  const { traceId, spanId } = span;
  return keyOf(event.type, `${traceId}-${spanId}-${stringOf(event.input.userId)}`, event.input);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(event: ExperimentEvent | RawExperimentEvent): Fields {
  return hasMember(event, 'input') ? (event as RawExperimentEvent).input : (event as unknown as Fields);
}

/** Absent and empty are the same: the helpers put no empty keys into attributes. */
function keyOf(type: string, id: string, fields: Fields): string {
  const about = [
    fields.flagKey,
    fields.ruleKey,
    fields.variationKey,
    fields.experimentId,
    fields.campaignId,
    fields.eventKey,
    fields.eventId,
  ];
  return JSON.stringify([type, id, Number(fields.timestamp), ...about.map(stringOf)]);
}

/** An evaluation and an impression may say the same. */
export function keyOfEvaluation(event: RawEvent, span: EventOrigin | undefined): string | undefined {
  const key = keyBySpan(readSpanEvent('impression', event), span);
  return key && `${EVENT_FEATURE_FLAG_EVALUATION} ${key}`;
}

/** Whether it is the second shape of an event that came as a log record. */
export function isBridged(
  raw: RawExperimentEvent,
  span: EventOrigin | undefined,
  known: KnownEvents,
): boolean {
  return known.has(keyByUuid(raw) ?? keyBySpan(raw, span));
}
