// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { encode, type Json } from './otlp-schema.js';

/** A value as the tests mean it, before it takes the shape of an encoding. */
export type Value =
  | { kind: 'string'; value: string }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'array'; value: Value[] }
  | { kind: 'map'; value: Pair[] }
  | { kind: 'empty' };
export type Pair = { key: string; value: Value };

export interface AnEvent {
  name: string;
  time: bigint;
  attributes: Pair[];
}
export interface ASpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  events: AnEvent[];
}
export interface ARecord extends AnEvent {
  observedTime: bigint;
  traceId: Uint8Array;
  spanId: Uint8Array;
  /** Where SDKs put the name of an event. */
  nameIn: 'field' | 'attribute';
}
export interface AGroup<T> {
  resource: Pair[];
  items: T[];
}

export const NAMES = ['optimizely.impression', 'optimizely.conversion'];

const key = fc.oneof(
  fc.constantFrom('optimizely.event.key', 'feature_flag.context.id', '__proto__', 'event.name', ''),
  fc.string({ unit: 'grapheme', maxLength: 24 }),
);
const int64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-1000n, 1000n));

const { value: arbitraryValue } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
    fc.record({ kind: fc.constant('bool' as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant('int' as const), value: int64 }),
    fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 8 }) }),
    fc.record({ kind: fc.constant('empty' as const) }),
    fc.record({ kind: fc.constant('array' as const), value: fc.array(tie('value'), { maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('map' as const),
      value: fc.array(fc.record({ key, value: tie('value') }), { maxLength: 3 }),
    }),
  ),
}));
const pairs = fc.array(fc.record({ key, value: arbitraryValue }), { maxLength: 5 });
const name = fc.oneof(
  fc.constantFrom(...NAMES),
  fc.constantFrom('exception', 'optimizely.impressioN', 'x'.repeat(21)),
);
const nanos = fc.bigInt(0n, 2n ** 64n - 1n);
const id = (byteLength: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: byteLength, maxLength: byteLength }),
    fc.uint8Array({ maxLength: byteLength + 1 }),
  );
const resource = fc.array(
  fc.record({
    key: fc.constantFrom('optimizely.project', 'service.instance.id', 'service.name'),
    value: arbitraryValue,
  }),
  { maxLength: 3 },
);

const event = fc.record({ name, time: nanos, attributes: pairs });
const span = fc.record({ traceId: id(16), spanId: id(8), events: fc.array(event, { maxLength: 4 }) });
const record = fc.record({
  name,
  time: fc.oneof(nanos, fc.constant(0n)),
  observedTime: nanos,
  attributes: pairs.map(list => list.filter(pair => pair.key !== 'event.name')),
  traceId: id(16),
  spanId: id(8),
  nameIn: fc.constantFrom('field' as const, 'attribute' as const),
});

export const arbitraryTraces: fc.Arbitrary<AGroup<ASpan>[]> = fc.array(
  fc.record({ resource, items: fc.array(span, { maxLength: 4 }) }),
  { maxLength: 3 },
);
export const arbitraryLogs: fc.Arbitrary<AGroup<ARecord>[]> = fc.array(
  fc.record({ resource, items: fc.array(record, { maxLength: 4 }) }),
  { maxLength: 3 },
);

interface Spelling {
  readonly id: (bytes: Uint8Array) => unknown;
  readonly bytes: (bytes: Uint8Array) => unknown;
  readonly double: (value: number) => unknown;
}
const IN_PROTOBUF: Spelling = { id: bytes => bytes, bytes: bytes => bytes, double: value => value };
const IN_JSON: Spelling = {
  id: bytes => Buffer.from(bytes).toString('hex'),
  bytes: bytes => Buffer.from(bytes).toString('base64'),
  // JSON has no -0.
  double: value =>
    Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value),
};

function anyValue(value: Value, as: Spelling): Json {
  switch (value.kind) {
    case 'string':
      return { stringValue: value.value };
    case 'bool':
      return { boolValue: value.value };
    case 'int':
      return { intValue: String(value.value) };
    case 'double':
      return { doubleValue: as.double(value.value) };
    case 'bytes':
      return { bytesValue: as.bytes(value.value) };
    case 'array':
      return { arrayValue: { values: value.value.map(element => anyValue(element, as)) } };
    case 'map':
      return { kvlistValue: { values: keyValues(value.value, as) } };
    case 'empty':
      return {};
  }
}

const keyValues = (list: Pair[], as: Spelling) =>
  list.map(({ key, value }) => ({ key, value: anyValue(value, as) }));

function tracesRequest(groups: AGroup<ASpan>[], as: Spelling): Json {
  return {
    resourceSpans: groups.map(group => ({
      resource: { attributes: keyValues(group.resource, as) },
      scopeSpans: [
        {
          scope: { name: 'a scope' },
          spans: group.items.map(({ traceId, spanId, events }) => ({
            traceId: as.id(traceId),
            spanId: as.id(spanId),
            name: 'GET /',
            attributes: keyValues([{ key: 'http.route', value: { kind: 'string', value: '/' } }], as),
            events: events.map(({ name, time, attributes }) => ({
              name,
              timeUnixNano: String(time),
              attributes: keyValues(attributes, as),
            })),
          })),
        },
      ],
    })),
  };
}

function logsRequest(groups: AGroup<ARecord>[], as: Spelling): Json {
  return {
    resourceLogs: groups.map(group => ({
      resource: { attributes: keyValues(group.resource, as) },
      scopeLogs: [
        {
          logRecords: group.items.map(item => ({
            timeUnixNano: String(item.time),
            observedTimeUnixNano: String(item.observedTime),
            severityText: 'INFO',
            body: { stringValue: 'a line' },
            traceId: as.id(item.traceId),
            spanId: as.id(item.spanId),
            ...(item.nameIn === 'field' && { eventName: item.name }),
            attributes: keyValues(
              item.nameIn === 'field'
                ? item.attributes
                : [...item.attributes, { key: 'event.name', value: { kind: 'string', value: item.name } }],
              as,
            ),
          })),
        },
      ],
    })),
  };
}

export const tracesBody = {
  protobuf: (groups: AGroup<ASpan>[]) =>
    encode('ExportTraceServiceRequest', tracesRequest(groups, IN_PROTOBUF)),
  json: (groups: AGroup<ASpan>[]) => Buffer.from(JSON.stringify(tracesRequest(groups, IN_JSON))),
};
export const logsBody = {
  protobuf: (groups: AGroup<ARecord>[]) =>
    encode('ExportLogsServiceRequest', logsRequest(groups, IN_PROTOBUF)),
  json: (groups: AGroup<ARecord>[]) => Buffer.from(JSON.stringify(logsRequest(groups, IN_JSON))),
};
