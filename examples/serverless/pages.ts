// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';

export interface PageRequest {
  readonly path: '/checkout' | '/purchase';
  readonly visitorId: string;
}

/** What both functions do, whatever they run on: a page that is part of an experiment, and one that it measures. */
export function page({ path, visitorId }: PageRequest, span?: Span): object {
  if (path === '/purchase') {
    recordConversion({ userId: visitorId, eventKey: 'purchase', tags: { revenue: 2490 } }, span);
    return { paid: 2490 };
  }
  const variationKey = 'one_page'; // ask Optimizely's SDK: user.decide('checkout_flow')
  const rule = { flagKey: 'checkout_flow', ruleKey: 'checkout_flow_test', variationKey };
  recordImpression({ userId: visitorId, ...rule }, span);
  return { flow: variationKey };
}
