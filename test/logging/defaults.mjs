// SPDX-License-Identifier: Apache-2.0

import * as optimizely from 'opentelemetry-exporter-optimizely';
import {
  NotificationCenter,
  OptimizelySpanProcessor,
  PollingProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { wanted } from '../exit/app.mjs';

// A script of a first try: default settings, no logger.
const { options = {}, sdkKey, urlTemplate, impression, conversion, throws } = wanted;
const notificationCenter = new NotificationCenter();
if (wanted.listensTo) notificationCenter.addNotificationListener(wanted.listensTo, () => {});
const manager = sdkKey && { projectConfigManager: new PollingProjectConfigManager({ sdkKey, urlTemplate }) };
const beforeSend = throws && (() => JSON.parse('{'));
const processor =
  wanted.processor !== 'none' &&
  new OptimizelySpanProcessor({ ...options, ...manager, beforeSend, notificationCenter });
// More than once: the same thing is said once.
for (let times = 0; times < 3; times++) {
  if (impression) optimizely.recordImpression(impression);
  if (conversion) optimizely.recordConversion(conversion);
}
if (processor && wanted.flushes) await processor.forceFlush();
if (processor && wanted.shutsDown) await processor.shutdown();
if (wanted.exits) process.exit();
