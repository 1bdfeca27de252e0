// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Span } from '@opentelemetry/api';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { type PlainVisitor, plainConversion, plainImpression } from './plain-visitor.js';
import { makeConversion, makeImpression } from './workload.js';

/** What an application would write that only wants the text: no batch, no queue, no delivery. */
export interface Kind<T> {
  readonly name: string;
  readonly make: (n: number) => T;
  readonly record: (input: T, span?: Span) => string | undefined;
  readonly visitor: (input: T, uuid: string) => PlainVisitor;
  /** What the helper puts on the span; checked against it. */
  readonly spanEvent: (input: T, uuid: string) => [name: string, attributes: Attributes];
}

export const CONVERSION: Kind<ReturnType<typeof makeConversion>> = {
  name: 'recordConversion',
  make: makeConversion,
  record: recordConversion,
  visitor: plainConversion,
  spanEvent: (input, uuid) => [
    'optimizely.conversion',
    {
      'optimizely.event.key': input.eventKey,
      'optimizely.event.uuid': uuid,
      'feature_flag.provider.name': 'optimizely',
    },
  ],
};

export const IMPRESSION: Kind<ReturnType<typeof makeImpression>> = {
  name: 'recordImpression',
  make: makeImpression,
  record: recordImpression,
  visitor: plainImpression,
  spanEvent: (input, uuid) => [
    'optimizely.impression',
    {
      'feature_flag.key': input.flagKey as string,
      'optimizely.rule.key': input.ruleKey as string,
      'feature_flag.result.variant': input.variationKey as string,
      'optimizely.decision.enabled': input.enabled as boolean,
      'optimizely.event.uuid': uuid,
      'feature_flag.provider.name': 'optimizely',
    },
  ],
};
