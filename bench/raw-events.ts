// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Span } from '@opentelemetry/api';
import type { ConversionInput, ImpressionInput } from './workload.js';

/** As code adds them that does not import the package. */
export function rawConversion({ userId, eventKey, attributes, tags }: ConversionInput, span: Span): void {
  const traceDetail: Attributes = {
    'feature_flag.context.id': userId,
    'optimizely.event.key': eventKey,
    'feature_flag.provider.name': 'optimizely',
    'optimizely.user.attributes': JSON.stringify(attributes),
    'optimizely.event.tags': JSON.stringify(tags),
  };
  span.addEvent('optimizely.conversion', traceDetail);
}

/** As {@link rawConversion}. */
export function rawImpression(input: ImpressionInput, span: Span): void {
  const traceDetail: Attributes = {
    'feature_flag.context.id': input.userId,
    'feature_flag.key': input.flagKey as string,
    'optimizely.rule.key': input.ruleKey as string,
    'feature_flag.result.variant': input.variationKey as string,
    'optimizely.decision.enabled': input.enabled as boolean,
    'feature_flag.provider.name': 'optimizely',
    'optimizely.user.attributes': JSON.stringify(input.attributes),
  };
  span.addEvent('optimizely.impression', traceDetail);
}
