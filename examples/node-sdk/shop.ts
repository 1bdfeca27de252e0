// SPDX-License-Identifier: Apache-2.0
//
// The shop's process: OpenTelemetry as in any Node application, and the plugin in it.
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import {
  NotificationCenter,
  OptimizelySpanProcessor,
  StaticProjectConfigManager,
  shutdownOnSignals,
} from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { eventsEndpointOfDemo, followDemo, ParentSpanExporter } from './demo-link.js';
import { FIRST_REVISION, FLUSH_INTERVAL_MILLIS } from './settings.js';

const projectConfigManager = new StaticProjectConfigManager({ datafile: datafileOf(FIRST_REVISION) });
const notificationCenter = new NotificationCenter();

// 1. The plugin. With `{ datafile }` alone it sends to Optimizely; the other options are the demo's.
const optimizely = new OptimizelySpanProcessor({
  projectConfigManager,
  endpoint: eventsEndpointOfDemo(),
  flushIntervalMillis: FLUSH_INTERVAL_MILLIS,
  notificationCenter,
});

// 2. It goes beside the processor that exports your spans: naming `spanProcessors` switches NodeSDK's default off.
const sdk = new NodeSDK({
  serviceName: 'shop',
  instrumentations: [new HttpInstrumentation()],
  spanProcessors: [new BatchSpanProcessor({ exporter: new ParentSpanExporter() }), optimizely],
});
sdk.start();

// 3. What is still queued when the process is asked to end is delivered first.
shutdownOnSignals(sdk);

// The pages come after sdk.start(), so that node:http is instrumented when they load it. What they record of
// experiments, see there.
const { openShop } = await import('./shop-pages.js');
followDemo({ url: await openShop(), optimizely, projectConfigManager, notificationCenter });
