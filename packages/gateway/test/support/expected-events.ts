// SPDX-License-Identifier: Apache-2.0
import type { OtlpEvent, OtlpValue } from '../../src/model/otlp-event.js';
import { type AGroup, type ARecord, type ASpan, NAMES, type Pair, type Value } from './otlp-requests.js';

const RESOURCE_KEYS = ['optimizely.project', 'service.instance.id'];

/** What is to be read of a value, tagged by its type, so that 1, 1n, '1' and -0 differ. */
function expectedValue(value: Value): unknown {
  switch (value.kind) {
    case 'array':
      return ['array', value.value.map(expectedValue)];
    case 'map':
      return expectedMap(value.value);
    case 'empty':
      return ['null'];
    case 'bytes':
      return ['bytes', [...value.value]];
    case 'int':
      return BigInt(Number(value.value)) === value.value && Number.isSafeInteger(Number(value.value))
        ? ['number', String(Number(value.value))]
        : ['bigint', String(value.value)];
    case 'double':
      return ['number', Object.is(value.value, -0) ? '-0' : String(value.value)];
    default:
      return [typeof value.value, String(value.value)];
  }
}

const expectedMap = (pairs: Pair[]) => [
  'map',
  [...new Map(pairs.map(({ key, value }) => [key, expectedValue(value)]))].sort(byKey),
];

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** The same of a value that was read. */
function shownValue(value: OtlpValue): unknown {
  if (value === null) return ['null'];
  if (value instanceof Uint8Array) return ['bytes', [...value]];
  if (Array.isArray(value)) return ['array', value.map(shownValue)];
  if (typeof value === 'object') return shownMap(value as { [key: string]: OtlpValue });
  return [typeof value, Object.is(value, -0) ? '-0' : String(value)];
}

const shownMap = (map: { readonly [key: string]: OtlpValue }) => [
  'map',
  Object.entries(map)
    .map(([key, value]): [string, unknown] => [key, shownValue(value)])
    .sort(byKey),
];

const hex = (bytes: Uint8Array, byteLength: number) =>
  bytes.length === byteLength && bytes.some(byte => byte !== 0) ? Buffer.from(bytes).toString('hex') : '';

export function shownEvent({ attributes, resource, ...event }: OtlpEvent): unknown {
  return {
    ...event,
    timeUnixNano: String(event.timeUnixNano),
    attributes: shownMap(attributes),
    resource: shownMap(resource),
  };
}

const expectedResource = (pairs: Pair[]) =>
  expectedMap(pairs.filter(({ key }) => RESOURCE_KEYS.includes(key)));

export function expectedSpanEvents(groups: AGroup<ASpan>[]): unknown[] {
  return groups.flatMap(({ resource, items }) =>
    items.flatMap(({ traceId, spanId, events }) =>
      events
        .filter(({ name }) => NAMES.includes(name))
        .map(({ name, time, attributes }) => ({
          name,
          timeUnixNano: String(time),
          traceId: hex(traceId, 16),
          spanId: hex(spanId, 8),
          attributes: expectedMap(attributes),
          resource: expectedResource(resource),
        })),
    ),
  );
}

export function expectedRecords(groups: AGroup<ARecord>[]): unknown[] {
  return groups.flatMap(({ resource, items }) =>
    items
      .filter(({ name }) => NAMES.includes(name))
      .map(({ name, time, observedTime, traceId, spanId, attributes, nameIn }) => ({
        name,
        timeUnixNano: String(time === 0n ? observedTime : time),
        traceId: hex(traceId, 16),
        spanId: hex(spanId, 8),
        attributes: expectedMap(
          nameIn === 'field'
            ? attributes
            : [...attributes, { key: 'event.name', value: { kind: 'string', value: name } }],
        ),
        resource: expectedResource(resource),
      })),
  );
}
