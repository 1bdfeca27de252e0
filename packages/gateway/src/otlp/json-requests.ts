// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpEvent, OtlpExport } from '../model/otlp-event.js';
import { CollectedEvents } from './collected-events.js';
import { EVENT_NAME_ATTRIBUTE, type NameFilter, RESOURCE_ATTRIBUTES } from './event-names.js';
import {
  hexIdIn,
  isObject,
  type JsonObject,
  member,
  objectIn,
  objectsIn,
  readJsonAttributes,
  textIn,
  timeIn,
} from './json-values.js';
import { parseJson } from './parse-json.js';

/**
 * Reads the span events of these names from an `ExportTraceServiceRequest` in JSON.
 *
 * @throws MalformedRequest
 */
export function readJsonTraces(body: Uint8Array, names: NameFilter): OtlpExport {
  const found = new CollectedEvents();
  for (const group of objectsIn(parseJson(body), 'resourceSpans')) {
    const resource = resourceOf(group);
    for (const scope of objectsIn(group, 'scopeSpans')) {
      for (const span of objectsIn(scope, 'spans')) {
        for (const event of objectsIn(span, 'events')) {
          const name = textIn(event, 'name');
          if (names.has(name)) found.add(() => ({ ...readEvent(name, event, span), resource: resource() }));
        }
      }
    }
  }
  return found.toExport();
}

/**
 * Reads the log records of these names from an `ExportLogsServiceRequest` in JSON.
 *
 * @throws MalformedRequest
 */
export function readJsonLogs(body: Uint8Array, names: NameFilter): OtlpExport {
  const found = new CollectedEvents();
  for (const group of objectsIn(parseJson(body), 'resourceLogs')) {
    const resource = resourceOf(group);
    for (const scope of objectsIn(group, 'scopeLogs')) {
      for (const record of objectsIn(scope, 'logRecords')) {
        const name = textIn(record, 'eventName') || nameAttribute(record);
        if (names.has(name)) found.add(() => ({ ...readRecord(name, record), resource: resource() }));
      }
    }
  }
  return found.toExport();
}

type EventOfResource = Omit<OtlpEvent, 'resource'>;

function readEvent(name: string, event: JsonObject, span: JsonObject): EventOfResource {
  return {
    name,
    timeUnixNano: timeIn(event, 'timeUnixNano'),
    traceId: hexIdIn(span, 'traceId', 32),
    spanId: hexIdIn(span, 'spanId', 16),
    attributes: readJsonAttributes(event),
  };
}

function readRecord(name: string, record: JsonObject): EventOfResource {
  return {
    name,
    timeUnixNano: timeIn(record, 'timeUnixNano') || timeIn(record, 'observedTimeUnixNano'),
    traceId: hexIdIn(record, 'traceId', 32),
    spanId: hexIdIn(record, 'spanId', 16),
    attributes: readJsonAttributes(record),
  };
}

function nameAttribute(record: JsonObject): string {
  const attribute = objectsIn(record, 'attributes').findLast(({ key }) => key === EVENT_NAME_ATTRIBUTE);
  const value = attribute && member(attribute, 'value');
  return isObject(value) ? textIn(value, 'stringValue') : '';
}

/** Read when the first event asks for it: most requests have none. */
function resourceOf(group: JsonObject): () => OtlpAttributes {
  let read: OtlpAttributes | undefined;
  return () => {
    read ??= readJsonAttributes(objectIn(group, 'resource'), RESOURCE_ATTRIBUTES);
    return read;
  };
}
