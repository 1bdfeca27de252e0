// SPDX-License-Identifier: Apache-2.0
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { record, stayUp, tell, wanted } from './app.mjs';

new NodeSDK({ spanProcessors: [] }).start();
if (wanted.staysUp) stayUp();
const uuids = trace.getTracer('app').startActiveSpan('request', span => {
  const recorded = record(optimizely);
  span.end();
  return recorded;
});
tell({ uuids: [...uuids, ...record(optimizely)] });
