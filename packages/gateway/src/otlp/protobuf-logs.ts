// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import type { BodyReader } from './body-reader.js';
import { CollectedEvents } from './collected-events.js';
import { EVENT_NAME_ATTRIBUTE, NameFilter } from './event-names.js';
import { UnreadableEvent } from './malformed-request.js';
import { readAttribute, readAttributeOf, readResource } from './protobuf-values.js';
import { newAttributes } from './values.js';
import {
  endOfValue,
  fixed64,
  hexId,
  isWantedName,
  lengthDelimited,
  placeOf,
  readBody,
  readKey,
  readMessage,
  readNested,
  readUint32,
  requireEnd,
  skip,
} from './wire-format.js';

const RESOURCE_LOGS = lengthDelimited(1);
const RESOURCE = lengthDelimited(1);
const SCOPE_LOGS = lengthDelimited(2);
const LOG_RECORDS = lengthDelimited(2);

const TIME = fixed64(1);
const ATTRIBUTES = lengthDelimited(6);
const TRACE_ID = lengthDelimited(9);
const SPAN_ID = lengthDelimited(10);
const OBSERVED_TIME = fixed64(11);
const EVENT_NAME = lengthDelimited(12);

const NAME_KEYS = new NameFilter([EVENT_NAME_ATTRIBUTE]);

/**
 * Reads the log records of these names from an `ExportLogsServiceRequest`. What else is in it is skipped.
 *
 * @throws MalformedRequest
 */
export function readProtobufLogs(body: Uint8Array, names: NameFilter): OtlpExport {
  return readBody(body, reader => {
    const found = new CollectedEvents();
    const reading = new LogsReading(reader, names, found);
    readMessage(reader, reader.len, tag => tag === RESOURCE_LOGS && reading.resourceLogs());
    return found.toExport();
  });
}

/** Like `TracesReading`; a record's name is looked for first, in its field and in its attributes. */
class LogsReading {
  readonly #reader: BodyReader;
  readonly #names: NameFilter;
  readonly #found: CollectedEvents;
  #resource: OtlpAttributes = newAttributes();

  constructor(reader: BodyReader, names: NameFilter, found: CollectedEvents) {
    this.#reader = reader;
    this.#names = names;
    this.#found = found;
  }

  resourceLogs(): boolean {
    const resource = newAttributes();
    this.#resource = resource;
    readNested(this.#reader, tag => {
      if (tag === SCOPE_LOGS) this.#scopeLogs();
      else if (tag === RESOURCE) readResource(this.#reader, resource, this.#found);
      else return false;
      return true;
    });
    return true;
  }

  #scopeLogs(): void {
    const reader = this.#reader;
    const end = endOfValue(reader);
    while (reader.pos < end) {
      const tag = readUint32(reader);
      if (tag === LOG_RECORDS) this.#logRecord();
      else skip(reader, tag);
    }
    requireEnd(reader, end);
  }

  #logRecord(): void {
    const reader = this.#reader;
    const start = reader.pos;
    const end = endOfValue(reader);
    let isWanted = false;
    while (reader.pos < end) {
      const tag = readUint32(reader);
      if (tag === ATTRIBUTES) isWanted = this.#isNameAttribute() || isWanted;
      else if (tag === EVENT_NAME) isWanted = isWantedName(reader, this.#names) || isWanted;
      else skip(reader, tag);
    }
    requireEnd(reader, end);
    if (!isWanted) return;
    reader.pos = start;
    this.#found.add(() => readRecord(reader, this.#resource));
    reader.pos = end;
  }

  #isNameAttribute(): boolean {
    const found = newAttributes();
    try {
      readAttributeOf(NAME_KEYS, this.#reader, found);
    } catch (error) {
      // A name that is not UTF-8 is none of ours.
      if (!(error instanceof UnreadableEvent)) throw error;
    }
    const name = found[EVENT_NAME_ATTRIBUTE];
    return typeof name === 'string' && this.#names.has(name);
  }
}

function readRecord(reader: BodyReader, resource: OtlpAttributes): OtlpEvent {
  let eventName = '';
  let time = 0n;
  let observedTime = 0n;
  let traceIdAt: number | undefined;
  let spanIdAt: number | undefined;
  const attributes = newAttributes();
  reader.beginEvent();
  readNested(reader, tag => {
    if (tag === ATTRIBUTES) readAttribute(reader, attributes);
    else if (tag === EVENT_NAME) eventName = readKey(reader);
    else if (tag === TIME) time = BigInt(reader.fixed64());
    else if (tag === OBSERVED_TIME) observedTime = BigInt(reader.fixed64());
    else if (tag === TRACE_ID) traceIdAt = placeOf(reader, tag);
    else if (tag === SPAN_ID) spanIdAt = placeOf(reader, tag);
    else return false;
    return true;
  });
  return {
    name: eventName === '' ? String(attributes[EVENT_NAME_ATTRIBUTE]) : eventName,
    attributes,
    timeUnixNano: time === 0n ? observedTime : time,
    traceId: hexId(reader, traceIdAt, 16),
    spanId: hexId(reader, spanIdAt, 8),
    resource,
  };
}
