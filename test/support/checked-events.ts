// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type DatafileIndex,
  type EventBatchParams,
  type ExperimentConversion,
  type ExperimentImpression,
  StaticProjectConfigManager,
  type UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './datafile.js';

export type Visitor = EventBatchParams['visitors'][number];

/** What `makeDatafile()` has all keys of. */
export const CONVERSION = {
  type: 'conversion',
  userId: 'ada',
  eventKey: 'purchase',
  uuid: '00000000-0000-4000-8000-000000000001',
  timestamp: 1_700_000_000_000,
} as const satisfies ExperimentConversion;

const { eventKey: _, ...COMMON } = CONVERSION;

export const IMPRESSION = {
  ...COMMON,
  type: 'impression',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'control',
  enabled: true,
} as const satisfies ExperimentImpression;

export function indexOf(datafile: object = makeDatafile()): DatafileIndex {
  return new StaticProjectConfigManager({ datafile }).getConfig() as DatafileIndex;
}

/** @throws unless the event was made, in as many bytes as it tells */
export function visitorIn(made: ReturnType<UserEventFactory['createUserEvent']>): Visitor {
  if ('reason' in made) throw new Error(`${made.reason} ${made.field}`);
  expect(made.byteLength).to.equal(Buffer.byteLength(made.json));
  return JSON.parse(made.json) as Visitor;
}
