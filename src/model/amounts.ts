// SPDX-License-Identifier: Apache-2.0
import type { ConversionEvent } from './experiment-event.js';

/** What Optimizely counts of a conversion besides itself. */
export type Amounts = Pick<ConversionEvent, 'revenue' | 'value'>;

/**
 * The amounts of a conversion as Optimizely's SDKs read them: those that it names, else those among its tags. Numbers and
 * numeric strings only, Python's rule: the JavaScript SDK would send `value: true`.
 *
 * @throws what a getter among the tags throws
 */
export function amountsOf(event: Amounts & Pick<ConversionEvent, 'tags'>): Amounts {
  return {
    revenue: numberFrom(event.revenue ?? ownTag(event.tags, 'revenue'), Math.trunc, Number.parseInt),
    value: numberFrom(event.value ?? ownTag(event.tags, 'value'), Number, Number.parseFloat),
  };
}

/** Own members only, as those that are sent as tags. */
function ownTag(tags: ConversionEvent['tags'], name: keyof Amounts): unknown {
  return tags !== undefined && Object.hasOwn(tags, name) ? tags[name] : undefined;
}

function numberFrom(
  given: unknown,
  fromNumber: (given: number) => number,
  fromString: (given: string) => number,
): number | undefined {
  if (typeof given !== 'number' && typeof given !== 'string') return undefined;
  const number = typeof given === 'number' ? fromNumber(given) : fromString(given);
  return Number.isFinite(number) ? number : undefined;
}
