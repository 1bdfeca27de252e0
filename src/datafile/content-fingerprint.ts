// SPDX-License-Identifier: Apache-2.0
import { runAtOnce, type Steps } from '../util/steps.js';

const ITEMS_A_STEP = 50;

/**
 * Tells whether two datafiles hold the same, without keeping either: the length and a 53-bit hash of what the object
 * is as JSON.
 *
 * @returns undefined if the object can't be written as JSON
 */
export function contentFingerprint(content: object): string | undefined {
  return runAtOnce(fingerprintInSteps(content));
}

export function* fingerprintInSteps(content: object): Steps<string | undefined> {
  const fingerprint = new Fingerprint();
  // What such an object is as JSON is for itself to say.
  if ('toJSON' in content) fingerprint.value('', content);
  for (const [name, value] of Object.entries(content)) {
    if (!Array.isArray(value)) fingerprint.value(name, value);
    else {
      for (let from = 0; from < value.length; from += ITEMS_A_STEP) {
        fingerprint.items(name, value.slice(from, from + ITEMS_A_STEP));
        yield;
      }
    }
  }
  return fingerprint.text;
}

/** The fingerprint of an object, member by member. */
export class Fingerprint {
  readonly #hash = new Hash();
  #list: string | undefined;
  #isComparable = true;

  value(name: string, value: unknown): void {
    this.#list = undefined;
    this.#add(name, value);
  }

  /** Some items of a list, in their order: it makes no difference how many at once. */
  items(name: string, items: readonly unknown[]): void {
    if (this.#list !== name) this.#add(name, '');
    this.#list = name;
    for (const item of items) this.#add('', item);
  }

  get text(): string | undefined {
    return this.#isComparable ? this.#hash.text : undefined;
  }

  #add(name: string, value: unknown): void {
    try {
      this.#hash.add(`${JSON.stringify(name)}:${JSON.stringify(value)},`);
    } catch {
      // Circular, too deep, a bigint: it can't be compared.
      this.#isComparable = false;
    }
  }
}

/** cyrb53: https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js (public domain). */
class Hash {
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;
  #length = 0;

  add(text: string): void {
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      high = Math.imul(high ^ unit, 2654435761);
      low = Math.imul(low ^ unit, 1597334677);
    }
    this.#high = high;
    this.#low = low;
    this.#length += text.length;
  }

  get text(): string {
    let [high, low] = [this.#high, this.#low];
    high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
    return `${this.#length}.${4294967296 * (2097151 & low) + (high >>> 0)}`;
  }
}
