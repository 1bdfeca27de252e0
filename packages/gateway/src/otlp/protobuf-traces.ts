// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import type { BodyReader } from './body-reader.js';
import { CollectedEvents } from './collected-events.js';
import type { NameFilter } from './event-names.js';
import { readAttribute, readResource } from './protobuf-values.js';
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

const RESOURCE_SPANS = lengthDelimited(1);
const RESOURCE = lengthDelimited(1);
const SCOPE_SPANS = lengthDelimited(2);
const SPANS = lengthDelimited(2);

const TRACE_ID = lengthDelimited(1);
const SPAN_ID = lengthDelimited(2);
const EVENTS = lengthDelimited(11);

const EVENT_TIME = fixed64(1);
const EVENT_NAME = lengthDelimited(2);
const EVENT_ATTRIBUTES = lengthDelimited(3);

/**
 * Reads the span events of these names from an `ExportTraceServiceRequest`. What else is in it is skipped: of an event
 * its name is looked at first.
 *
 * @throws MalformedRequest
 */
export function readProtobufTraces(body: Uint8Array, names: NameFilter): OtlpExport {
  return readBody(body, reader => {
    const found = new CollectedEvents();
    const reading = new TracesReading(reader, names, found);
    readMessage(reader, reader.len, tag => tag === RESOURCE_SPANS && reading.resourceSpans());
    return found.toExport();
  });
}

/** Its inner messages are walked through by loops of their own: a callback for each field of a span takes half as long again. */
class TracesReading {
  readonly #reader: BodyReader;
  readonly #names: NameFilter;
  readonly #found: CollectedEvents;
  #resource: OtlpAttributes = newAttributes();
  #traceIdAt: number | undefined;
  #spanIdAt: number | undefined;
  /** Where events of the span lie that are to be read: ids may stand behind them. The list is the same for all spans. */
  readonly #eventsAt: number[] = [];
  #eventCount = 0;

  constructor(reader: BodyReader, names: NameFilter, found: CollectedEvents) {
    this.#reader = reader;
    this.#names = names;
    this.#found = found;
  }

  resourceSpans(): boolean {
    const resource = newAttributes();
    this.#resource = resource;
    readNested(this.#reader, tag => {
      if (tag === SCOPE_SPANS) this.#scopeSpans();
      else if (tag === RESOURCE) readResource(this.#reader, resource, this.#found);
      else return false;
      return true;
    });
    return true;
  }

  #scopeSpans(): void {
    const reader = this.#reader;
    const end = endOfValue(reader);
    while (reader.pos < end) {
      const tag = readUint32(reader);
      if (tag === SPANS) this.#span();
      else skip(reader, tag);
    }
    requireEnd(reader, end);
  }

  #span(): void {
    const reader = this.#reader;
    const end = endOfValue(reader);
    this.#traceIdAt = undefined;
    this.#spanIdAt = undefined;
    while (reader.pos < end) {
      const tag = readUint32(reader);
      if (tag === EVENTS) this.#look();
      else if (tag === TRACE_ID) this.#traceIdAt = placeOf(reader, tag);
      else if (tag === SPAN_ID) this.#spanIdAt = placeOf(reader, tag);
      else skip(reader, tag);
    }
    requireEnd(reader, end);
    if (this.#eventCount > 0) this.#readEvents();
  }

  #look(): void {
    const reader = this.#reader;
    const start = reader.pos;
    const end = endOfValue(reader);
    let isWanted = false;
    while (reader.pos < end) {
      const tag = readUint32(reader);
      if (tag === EVENT_NAME) isWanted = isWantedName(reader, this.#names);
      else skip(reader, tag);
    }
    requireEnd(reader, end);
    if (isWanted) this.#eventsAt[this.#eventCount++] = start;
  }

  #readEvents(): void {
    const reader = this.#reader;
    const spanEnd = reader.pos;
    const traceId = hexId(reader, this.#traceIdAt, 16);
    const spanId = hexId(reader, this.#spanIdAt, 8);
    const resource = this.#resource;
    const read = (): OtlpEvent => {
      const { name, timeUnixNano, attributes } = readEvent(reader);
      return { name, timeUnixNano, attributes, traceId, spanId, resource };
    };
    for (let n = 0; n < this.#eventCount; n++) {
      reader.pos = this.#eventsAt[n] as number;
      this.#found.add(read);
    }
    this.#eventCount = 0;
    reader.pos = spanEnd;
  }
}

function readEvent(reader: BodyReader): Pick<OtlpEvent, 'name' | 'timeUnixNano' | 'attributes'> {
  const end = endOfValue(reader);
  let name = '';
  let timeUnixNano = 0n;
  const attributes = newAttributes();
  reader.beginEvent();
  while (reader.pos < end) {
    const tag = readUint32(reader);
    if (tag === EVENT_NAME) name = readKey(reader);
    else if (tag === EVENT_TIME) timeUnixNano = BigInt(reader.fixed64());
    else if (tag === EVENT_ATTRIBUTES) readAttribute(reader, attributes);
    else skip(reader, tag);
  }
  requireEnd(reader, end);
  return { name, timeUnixNano, attributes };
}
