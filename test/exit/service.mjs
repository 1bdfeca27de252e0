// SPDX-License-Identifier: Apache-2.0
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { logger, options, record, stayUp, tell, wanted } from './app.mjs';

const sdk = new NodeSDK({ spanProcessors: [new optimizely.OptimizelySpanProcessor(options)] });
sdk.start();
const target = {
  shutdown() {
    tell({ shuttingDown: true });
    return sdk.shutdown();
  },
};
optimizely.shutdownOnSignals(target, { signals: wanted.signals, logger });
stayUp();

const uuids = trace.getTracer('service').startActiveSpan('request', () => record(optimizely));
tell({ uuids: [...uuids, ...record(optimizely)], pid: process.pid });
