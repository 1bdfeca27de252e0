// SPDX-License-Identifier: Apache-2.0
import { NodeSDK } from '@opentelemetry/sdk-node';
import * as optimizely from 'opentelemetry-exporter-optimizely';
import { options, record, stayUp, tell, wanted } from './app.mjs';

const sdk = new NodeSDK({ spanProcessors: [new optimizely.OptimizelySpanProcessor(options)] });
sdk.start();
stayUp();

const handlers = {
  /** Closes what it has and leaves the rest to the event loop. */
  closes() {
    tell({ handler: 'closes' });
    process.exitCode = 7;
    process.stdin.destroy();
  },
  /** Shuts the SDK down itself, as OpenTelemetry's documentation has it. */
  async exits() {
    tell({ handler: 'exits' });
    await sdk.shutdown();
    process.exit(7);
  },
};
if (!wanted.late) process[wanted.method]('SIGTERM', handlers[wanted.handler]);
optimizely.shutdownOnSignals(sdk);
if (wanted.late) process[wanted.method]('SIGTERM', handlers[wanted.handler]);

tell({ uuids: record(optimizely) });
