// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import { EVENT_OPTIMIZELY_CONVERSION, EVENT_OPTIMIZELY_IMPRESSION } from '../model/semantic-conventions.js';

export function eventNameOf(type: ExperimentEventType): string {
  return type === 'impression' ? EVENT_OPTIMIZELY_IMPRESSION : EVENT_OPTIMIZELY_CONVERSION;
}

/** @returns undefined if the name is not that of an experiment event */
export function experimentEventType(name: string | undefined): ExperimentEventType | undefined {
  if (name === EVENT_OPTIMIZELY_IMPRESSION) return 'impression';
  if (name === EVENT_OPTIMIZELY_CONVERSION) return 'conversion';
  return undefined;
}
