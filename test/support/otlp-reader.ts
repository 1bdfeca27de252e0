// SPDX-License-Identifier: Apache-2.0
import type { EventOrigin, RawEvent } from 'opentelemetry-exporter-optimizely/capture';

/** An event as it is in an OTLP request, and where it comes from. */
export interface SentEvent {
  readonly event: RawEvent;
  readonly origin: EventOrigin;
}

type Message = Map<number, (bigint | Uint8Array)[]>;

const text = (bytes: unknown) => new TextDecoder('utf-8', { fatal: true }).decode(bytes as Uint8Array);
const hex = (bytes: unknown) => Buffer.from((bytes ?? []) as Uint8Array).toString('hex');

/** Reads what a test needs of an OTLP request in protobuf; fails at what it does not expect. */
export function readProtobuf(request: Uint8Array): SentEvent[] {
  return listOf(fields(request), 1).flatMap(resourceSpans => {
    const resource = attributesOf(listOf(listOf(resourceSpans, 1)[0] ?? new Map(), 1));
    const serviceInstanceId = resource['service.instance.id'] as string | undefined;
    return listOf(resourceSpans, 2)
      .flatMap(scope => listOf(scope, 2))
      .flatMap(item => ('events' in item ? [] : eventsOf(item, serviceInstanceId)));
  });
}

/** A log record begins with a time of 64 bits, a span with its trace id. */
function eventsOf(item: Message, serviceInstanceId: string | undefined): SentEvent[] {
  const isRecord = typeof item.get(1)?.[0] === 'bigint';
  if (isRecord) {
    const time = (item.get(1)?.[0] || item.get(11)?.[0]) as bigint;
    const event = { name: text(item.get(12)?.[0]), attributes: attributesOf(listOf(item, 6)), time };
    const origin = { traceId: hex(item.get(9)?.[0]), spanId: hex(item.get(10)?.[0]), serviceInstanceId };
    return [{ event, origin }];
  }
  const origin = { traceId: hex(item.get(1)?.[0]), spanId: hex(item.get(2)?.[0]), serviceInstanceId };
  return listOf(item, 11).map(event => ({
    event: {
      name: text(event.get(2)?.[0]),
      attributes: attributesOf(listOf(event, 3)),
      time: event.get(1)?.[0] as bigint,
    },
    origin,
  }));
}

function listOf(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map(bytes => fields(bytes as Uint8Array));
}

function attributesOf(pairs: readonly Message[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(pair => [text(pair.get(1)?.[0]), anyValue(fields((pair.get(2)?.[0] ?? []) as Uint8Array))]),
  );
}

function anyValue(value: Message): unknown {
  const [field = 0, [content] = []] = [...value][0] ?? [];
  const bytes = content as Uint8Array;
  if (field === 0) return null;
  if (field === 1) return text(bytes);
  if (field === 2) return content !== 0n;
  if (field === 3) return BigInt.asIntN(64, content as bigint);
  if (field === 4) return Buffer.from(BigUint64Array.of(content as bigint).buffer).readDoubleLE();
  if (field === 5) return listOf(fields(bytes), 1).map(anyValue);
  if (field === 6) return attributesOf(listOf(fields(bytes), 1));
  return bytes;
}

function fields(bytes: Uint8Array): Message {
  const view = Buffer.from(bytes);
  const found: Message = new Map();
  let at = 0;
  const varint = () => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = view.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < view.length) {
    const tag = Number(varint());
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), contentOf(tag & 7)]);
  }
  return found;

  function contentOf(wireType: number): bigint | Uint8Array {
    if (wireType === 0) return varint();
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : Number(varint());
    const content = view.subarray(at, at + length);
    at += length;
    return wireType === 1
      ? content.readBigUInt64LE()
      : wireType === 5
        ? BigInt(content.readUInt32LE())
        : new Uint8Array(content);
  }
}

interface JsonValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number;
  bytesValue?: string;
  arrayValue?: { values?: JsonValue[] };
  kvlistValue?: { values?: JsonPair[] };
}

interface JsonPair {
  key: string;
  value: JsonValue;
}

/** Reads the same of a request in JSON. */
export function readJson(request: Uint8Array): SentEvent[] {
  const { resourceSpans = [], resourceLogs = [] } = JSON.parse(text(request));
  return [...resourceSpans, ...resourceLogs].flatMap(({ resource, scopeSpans = [], scopeLogs = [] }) => {
    const id = {
      serviceInstanceId: jsonMap(resource.attributes)['service.instance.id'] as string | undefined,
    };
    const spans = scopeSpans.flatMap((scope: { spans: JsonItem[] }) => scope.spans);
    const records = scopeLogs.flatMap((scope: { logRecords: JsonItem[] }) => scope.logRecords);
    return [
      ...spans.flatMap(({ events = [], traceId, spanId }: JsonItem) =>
        events.map(event => jsonEvent(event, { traceId, spanId, ...id })),
      ),
      ...records.map((record: JsonItem) => {
        const { traceId, spanId, eventName: name } = record;
        return jsonEvent({ ...record, name }, { traceId, spanId, ...id });
      }),
    ];
  });
}

interface JsonItem {
  traceId?: string;
  spanId?: string;
  eventName?: string;
  events?: JsonItem[];
  name?: string | undefined;
  attributes?: JsonPair[];
  timeUnixNano?: string;
  observedTimeUnixNano?: string;
}

function jsonEvent(item: JsonItem, origin: EventOrigin): SentEvent {
  const { name = '', attributes = [], timeUnixNano = '0', observedTimeUnixNano = '0' } = item;
  const time = BigInt(timeUnixNano) || BigInt(observedTimeUnixNano);
  return { event: { name, attributes: jsonMap(attributes), time }, origin };
}

function jsonMap(pairs: readonly JsonPair[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, jsonValue(value)]));
}

function jsonValue(value: JsonValue): unknown {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(jsonValue);
  if (value.kvlistValue !== undefined) return jsonMap(value.kvlistValue.values);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}
