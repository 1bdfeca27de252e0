// SPDX-License-Identifier: Apache-2.0

import type { StoredEvent } from '../model/event-store.js';
import { type ExperimentEvent, RULE_TYPES } from '../model/experiment-event.js';
import { isObjectText } from '../util/is-serialized-event.js';
import { ContextTexts } from './context-text.js';
import { crc32 } from './crc32.js';
import { MAX_RECORDS, RECORD_AT, RECORD_KIND, RECORD_MAGIC_NUMBER } from './record-layout.js';

/** Where a record lies in its file. */
export interface RecordSpan {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** What claims to be a record at `offset`, if something does; only its checksum is not scanned at. Never throws. */
export function claimAt(buffer: Buffer, offset: number): RecordSpan | undefined {
  const left = buffer.length - offset;
  if (left < RECORD_AT.texts || buffer.readUInt32LE(offset) !== RECORD_MAGIC_NUMBER) return undefined;
  const length = buffer.readUInt32LE(offset + RECORD_AT.length);
  const index = buffer.readUInt32LE(offset + RECORD_AT.index);
  if (length < RECORD_AT.texts || length > left || index >= MAX_RECORDS) return undefined;
  return { index, offset, length };
}

/** Whether a claim is a record: its checksum is right. Never throws. */
export function isIntact(buffer: Buffer, { offset, length }: RecordSpan): boolean {
  const checksum = crc32(buffer.subarray(offset + RECORD_AT.length, offset + length));
  return checksum === buffer.readUInt32LE(offset + RECORD_AT.checksum);
}

/** Makes events of records again. */
export class RecordDecoder {
  readonly #contexts = new ContextTexts();

  /** Never throws. @returns undefined if the record is damaged, or is not the one of that number */
  decode(buffer: Buffer, offset: number, index: number): StoredEvent | undefined {
    const span = claimAt(buffer, offset);
    if (span === undefined || span.index !== index || !isIntact(buffer, span)) return undefined;
    try {
      return this.#read(buffer.subarray(offset, offset + span.length));
    } catch {
      // The checksum is right and the text is not, so another program wrote it.
      return undefined;
    }
  }

  #read(record: Buffer): StoredEvent | undefined {
    const acceptedAt = record.readDoubleLE(RECORD_AT.acceptedAt);
    if (!Number.isFinite(acceptedAt)) return undefined;
    const contextStart = RECORD_AT.texts + record.readUInt32LE(RECORD_AT.uuidBytes);
    const jsonStart = contextStart + record.readUInt32LE(RECORD_AT.contextBytes);
    if (jsonStart > record.length) return undefined;
    const json = record.toString('utf8', jsonStart);
    const kind = record.readUInt32LE(RECORD_AT.kind);
    if (kind === RECORD_KIND.unresolved) {
      const event: unknown = JSON.parse(json);
      return isExperimentEvent(event) ? { kind: 'unresolved', event, acceptedAt } : undefined;
    }
    if (kind !== RECORD_KIND.impression && kind !== RECORD_KIND.conversion) return undefined;
    const context = this.#contexts.parse(record.toString('utf8', contextStart, jsonStart));
    if (context === undefined || !isObjectText(json)) return undefined;
    const type = kind === RECORD_KIND.impression ? 'impression' : 'conversion';
    const uuid = record.toString('utf8', RECORD_AT.texts, contextStart);
    return { kind: 'resolved', type, uuid, context, json, acceptedAt };
  }
}

/** What was checked before it was stored; a program that writes a checksum can write anything else. */
function isExperimentEvent(value: unknown): value is ExperimentEvent {
  const event = value as (Partial<ExperimentEvent> & { ruleType?: unknown }) | null;
  return (
    typeof event === 'object' &&
    (event?.type === 'impression' || event?.type === 'conversion') &&
    typeof event.uuid === 'string' &&
    typeof event.userId === 'string' &&
    typeof event.timestamp === 'number' &&
    (event.ruleType === undefined || RULE_TYPES.some(type => type === event.ruleType))
  );
}
