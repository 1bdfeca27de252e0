// SPDX-License-Identifier: Apache-2.0

const MOST_EVENTS = 4;
const MOST_ATTRIBUTES = 16;
const MOST_CHARACTERS = 256;

interface SpanParts {
  readonly attributes?: object;
  readonly events?: readonly { readonly attributes?: object }[];
  readonly links?: readonly unknown[];
}

/**
 * Keeps an ended span that takes little memory. While one is there, so is the code that V8 optimized for spans, the SDK's
 * own included: a full collection while a service is idle would discard it, and the first events after one took four
 * times as long.
 */
export class SpanSpecimen {
  #kept: object | undefined;
  #candidates = 100;

  offer(span: object): void {
    if (this.#kept !== undefined || this.#candidates === 0) return;
    this.#candidates--;
    if (isSmall(span)) this.#kept = span;
  }
}

function isSmall({ attributes = {}, events = [], links = [] }: SpanParts): boolean {
  return (
    links.length === 0 &&
    events.length <= MOST_EVENTS &&
    [attributes, ...events.map(event => event.attributes ?? {})].every(areFewAndShort)
  );
}

function areFewAndShort(attributes: object): boolean {
  const values: unknown[] = Object.values(attributes);
  return (
    values.length <= MOST_ATTRIBUTES &&
    values.every(value => typeof value !== 'object' && String(value).length <= MOST_CHARACTERS)
  );
}
