// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { deriveEventUuid } from 'opentelemetry-exporter-optimizely/capture';
import { type ARecord, type ASpan, logsBody, type Pair, tracesBody } from '../support/otlp-requests.js';
import { contentOf } from './receipt-book.js';

export const SENDERS = ['protobuf spans', 'JSON logs', 'protobuf logs', 'Optimizely SDK'] as const;
export type SenderKind = (typeof SENDERS)[number];

export interface SentRequest {
  readonly path: string;
  readonly mediaType: string;
  readonly body: Buffer;
  /** By which the events are counted: their own, or the derived ones. */
  readonly uuids: readonly string[];
  /** What has to arrive of each, as `contentOf()` has it. */
  readonly contents: readonly string[];
}

const FIRST_MILLIS = 1_700_000_000_000;
const MILLI = 1_000_000n;
export const OUR_CLIENT = 'opentelemetry-exporter-optimizely';
const SDK_CLIENT = 'python-sdk';

const text = (key: string, value: string): Pair => ({ key, value: { kind: 'string', value } });

/** The events `first`, `first + 1`, … of a sender: two thirds impressions; spans and JSON logs without a uuid. */
export function makeRequest(kind: SenderKind, first: number, count: number): SentRequest {
  const numbers = Array.from({ length: count }, (_, n) => first + n);
  switch (kind) {
    case 'protobuf spans':
      return { path: '/v1/traces', mediaType: 'application/x-protobuf', ...spans(kind, numbers) };
    case 'JSON logs':
      return { path: '/v1/logs', mediaType: 'application/json', ...logs(kind, numbers, 'json') };
    case 'protobuf logs':
      return { path: '/v1/logs', mediaType: 'application/x-protobuf', ...logs(kind, numbers, 'protobuf') };
    case 'Optimizely SDK':
      return { path: '/v1/events', mediaType: 'application/json', ...batch(numbers) };
  }
}

function spans(kind: SenderKind, numbers: readonly number[]) {
  const items: ASpan[] = numbers.map(number => ({
    traceId: bytesOf(number, 16),
    spanId: bytesOf(number, 8),
    events: [{ ...rawEvent(kind, number) }],
  }));
  return {
    body: tracesBody.protobuf([{ resource: [], items }]),
    uuids: numbers.map(number => derivedUuid(kind, number)),
    contents: numbers.map(number => otlpContent(kind, number)),
  };
}

function logs(kind: SenderKind, numbers: readonly number[], encoding: 'json' | 'protobuf') {
  const hasUuid = encoding === 'protobuf';
  const items: ARecord[] = numbers.map(number => {
    const raw = rawEvent(kind, number);
    return {
      ...raw,
      attributes: hasUuid
        ? [...raw.attributes, text('optimizely.event.uuid', ownUuid(kind, number))]
        : raw.attributes,
      observedTime: 0n,
      traceId: bytesOf(number, 16),
      spanId: bytesOf(number, 8),
      nameIn: number % 2 === 0 ? 'field' : 'attribute',
    };
  });
  const uuids = numbers.map(number => (hasUuid ? ownUuid(kind, number) : derivedUuid(kind, number)));
  const contents = numbers.map(number => otlpContent(kind, number));
  return { body: logsBody[encoding]([{ resource: [], items }]), uuids, contents };
}

function otlpContent(kind: SenderKind, number: number): string {
  const common = {
    client: OUR_CLIENT,
    visitor: `${kind} ${number} ✓`,
    timestamp: FIRST_MILLIS + number,
  };
  return contentOf(
    isConversion(number)
      ? { ...common, key: 'purchase', entity_id: '300' }
      : { ...common, key: 'campaign_activated', entity_id: '20' },
  );
}

const isConversion = (number: number) => number % 3 === 2;

function rawEvent(kind: SenderKind, number: number) {
  const user = text('feature_flag.context.id', `${kind} ${number} ✓`);
  return {
    name: isConversion(number) ? 'optimizely.conversion' : 'optimizely.impression',
    time: BigInt(FIRST_MILLIS + number) * MILLI,
    attributes: isConversion(number)
      ? [
          user,
          text('optimizely.event.key', 'purchase'),
          text('optimizely.event.tags', '{"revenue":4200,"sku":"a"}'),
        ]
      : [
          user,
          text('feature_flag.key', 'checkout'),
          text('feature_flag.result.variant', 'treatment'),
          text('optimizely.rule.key', 'checkout_test'),
          text('optimizely.rule.type', 'feature-test'),
        ],
  };
}

function derivedUuid(kind: SenderKind, number: number): string {
  const { name, time, attributes } = rawEvent(kind, number);
  const hex = (length: number) => Buffer.from(bytesOf(number, length)).toString('hex');
  const uuid = deriveEventUuid(
    {
      name,
      time,
      attributes: Object.fromEntries(
        attributes.map(({ key, value }) => [key, 'value' in value && value.value]),
      ),
    },
    { traceId: hex(16), spanId: hex(8) },
  );
  if (uuid === undefined) throw new Error('no uuid can be derived');
  return uuid;
}

function batch(numbers: readonly number[]) {
  const uuids = numbers.map(number => ownUuid('Optimizely SDK', number));
  const visitors = numbers.map((number, index) => ({
    visitor_id: `SDK ${number}`,
    attributes: [],
    snapshots: [
      {
        decisions: [],
        events: [{ entity_id: '300', key: 'purchase', timestamp: FIRST_MILLIS + number, uuid: uuids[index] }],
      },
    ],
  }));
  const body = {
    account_id: 'account-1',
    project_id: 'project-1',
    revision: '6',
    client_name: SDK_CLIENT,
    client_version: '5.5.0',
    anonymize_ip: true,
    enrich_decisions: true,
    visitors,
  };
  const contents = visitors.map(({ visitor_id: visitor }, index) =>
    contentOf({
      client: SDK_CLIENT,
      visitor,
      key: 'purchase',
      entity_id: '300',
      timestamp: FIRST_MILLIS + (numbers[index] ?? 0),
    }),
  );
  return { body: Buffer.from(JSON.stringify(body)), uuids, contents };
}

function ownUuid(kind: SenderKind, number: number): string {
  const sender = SENDERS.indexOf(kind).toString(16).padStart(8, '0');
  return `${sender}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The same each time, and spread as random ids are: samplers look at them. */
function bytesOf(number: number, length: number): Uint8Array {
  return createHash('sha256').update(String(number)).digest().subarray(0, length);
}
