// SPDX-License-Identifier: Apache-2.0
//
// What a worker process and a worker thread do alike. Each has a processor, a provider, a store and connections of its own;
// they share one thing, the directory in which each store makes its own.
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import {
  FileEventStore,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { localEndpoint } from '../local-endpoint.js';

/** @param storeDirectory the same for all of them */
export function startService(name: string, storeDirectory: string) {
  const notificationCenter = new NotificationCenter();
  // The example's own: tells its endpoint who sends. Optimizely does not look at it.
  notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ headers }) => {
    headers['x-worker'] = name;
  });

  const optimizely = new OptimizelySpanProcessor({
    datafile: datafileOf(42),
    endpoint: localEndpoint(), // leave it out to send to Optimizely
    eventStore: new FileEventStore({ directory: storeDirectory }),
    notificationCenter,
  });
  const provider = new TracerProvider({ spanProcessors: [optimizely] });
  trace.setGlobalTracerProvider(provider);
  const tracer = trace.getTracer('shop');

  return {
    optimizely,
    provider,

    /** Shows somebody the checkout. */
    visit(visitorId: string): string | undefined {
      const span = tracer.startSpan('/checkout');
      const variationKey = 'one_page'; // ask Optimizely's SDK: user.decide('checkout_flow')
      const rule = { flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey };
      const uuid = recordImpression({ userId: visitorId, ...rule }, span);
      span.end();
      return uuid;
    },
  };
}
