// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafile, expectDelivered } from './scenario.cjs';

// No SDK: nothing of ours needs more than the API.
const endpoint = await startLocalEventsEndpoint({ datafile });
const processor = new OptimizelySpanProcessor({ datafile, endpoint: endpoint.url });
const userId = 'visitor';
const timestamp = Date.now() - 1_000;
const uuids = [
  recordImpression({ userId, ruleKey: 'banner', variationKey: 'treatment', timestamp }),
  recordConversion({ userId, eventKey: 'purchase', tags: { revenue: 4200 } }),
  recordConversion({ userId, eventKey: 'purchase', tags: { value: 1.5 } }),
];
await processor.shutdown();
await endpoint.close();
assert(uuids.every(uuid => typeof uuid === 'string'));
expectDelivered(endpoint, uuids);
