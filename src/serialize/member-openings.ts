// SPDX-License-Identifier: Apache-2.0
import { isAscii } from '../util/characters.js';
import { flat, noteUnscanned } from './quoted.js';
import { Remembered } from './remembered.js';

/** What comes before a piece of JSON: no member, one whose value is a text, or one whose value is not. */
export const NOTHING = 0;
export const TEXT = 1;
export const OTHER = 2;
export type Before = typeof NOTHING | typeof TEXT | typeof OTHER;

/**
 * A piece of JSON for each of what may come before it. The quote that ends a text belongs to what follows it: each piece
 * that the text of an event is made of takes 25 ns, so what stands between two values is one of them.
 */
export type ByBefore = readonly [nothing: string, text: string, other: string];

/** The JSON of a member up to its value. */
export interface MemberOpening {
  /** Up to a value that is a text, with its first quote. */
  readonly toText: ByBefore;
  readonly toOther: ByBefore;
  readonly isAscii: boolean;
}

/**
 * @param first a first member, with what separates it from what is before the members
 * @param next a later one, with what separates it from the value before it
 */
export function memberOpening(first: string, next: string): MemberOpening {
  const toOther = piece(first, next);
  const toText: ByBefore = [flat(`${first}"`), flat(`"${next}"`), flat(`${next}"`)];
  return { toText, toOther, isAscii: isAscii(first + next) };
}

/**
 * @param first the piece after no member
 * @param next the piece after a member, with what separates it from its value
 */
export function piece(first: string, next: string): ByBefore {
  return [flat(first), flat(`"${next}`), flat(next)];
}

/** Positions of an object's keys that are looked at; later ones are found by key alone. */
const MOST_POSITIONS = 32;

/**
 * Openings by key. Objects of one kind mostly have the same keys in the same order, so that the key which was last seen at
 * a position is tried first: a comparison in place of a search.
 */
export class MemberOpenings {
  readonly #known: Remembered<MemberOpening | undefined>;
  readonly #keys: string[] = [];
  readonly #openings: MemberOpening[] = [];

  /** @param make makes the opening of a key; undefined if the member is not written */
  constructor(make: (key: string) => MemberOpening | undefined) {
    this.#known = new Remembered(make);
  }

  find(key: string, position: number): MemberOpening | undefined {
    const opening = this.#keys[position] === key ? this.#openings[position] : this.#search(key, position);
    if (opening?.isAscii === false) noteUnscanned();
    return opening;
  }

  #search(key: string, position: number): MemberOpening | undefined {
    const opening = this.#known.of(key);
    if (opening !== undefined && position < MOST_POSITIONS && this.#known.has(key)) {
      this.#openings[position] = opening;
      this.#keys[position] = key;
    }
    return opening;
  }
}
