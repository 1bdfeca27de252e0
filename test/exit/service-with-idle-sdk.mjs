// SPDX-License-Identifier: Apache-2.0
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { logger, options, record, tell, wanted } from './app.mjs';

const broken = {
  instrumentationName: 'broken',
  setTracerProvider() {
    throw new Error('of an instrumentation');
  },
};
const sdk = new NodeSDK({
  spanProcessors: [new optimizely.OptimizelySpanProcessor(options)],
  ...(wanted.sdk === 'failed to start' && { resourceDetectors: [null], instrumentations: [broken] }),
});
try {
  if (wanted.sdk !== 'never started') sdk.start();
} catch {
  tell({ failedToStart: true });
}
optimizely.shutdownOnSignals(sdk, { logger });
process.stdin.on('data', () => process.stdin.destroy());
tell({ uuids: record(optimizely) });
tell({ ready: true });
