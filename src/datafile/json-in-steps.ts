// SPDX-License-Identifier: Apache-2.0
import type { Steps } from '../util/steps.js';

/** Characters of a list that are parsed in one step: half a millisecond. */
const CHARACTERS_A_STEP = 65_536;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;

/** Hears of the members of an object while it is being parsed. */
export interface MemberReader {
  value(name: string, value: unknown): void;
  /** Some items of a list, in their order. @returns what is kept of them */
  items(name: string, items: readonly unknown[]): readonly unknown[];
}

export interface ParsingOptions {
  readonly reader?: MemberReader | undefined;
  /** Of a list; an item more where it does not end there. */
  readonly charactersAStep?: number;
}

/**
 * Parses an object as `JSON.parse` does, in steps: it cuts the text into members, and the lists among them into pieces,
 * each of which `JSON.parse` reads and checks. What is not an object is parsed in one step.
 *
 * @throws (at a step) SyntaxError if the text is not JSON
 */
export function* parseJsonInSteps(
  text: string,
  { reader, charactersAStep = CHARACTERS_A_STEP }: ParsingOptions = {},
): Steps<unknown> {
  const cursor = new Cursor(text, text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0);
  if (!cursor.skip(BRACE)) return JSON.parse(text.slice(cursor.at));
  const members = new Map<string, unknown>();
  for (let isMore = cursor.next() !== BRACE_END; isMore; isMore = cursor.skip(COMMA)) {
    cursor.next();
    const name: unknown = JSON.parse(cursor.take());
    if (typeof name !== 'string' || !cursor.skip(COLON)) throw new SyntaxError('a member has no name');
    if (cursor.next() === BRACKET)
      members.set(
        name,
        yield* listInSteps(cursor, charactersAStep, items => reader?.items(name, items) ?? items),
      );
    else {
      const value: unknown = JSON.parse(cursor.take());
      reader?.value(name, value);
      members.set(name, value);
    }
    yield;
  }
  if (!cursor.skip(BRACE_END)) throw new SyntaxError('the object has no end');
  if (!Number.isNaN(cursor.next())) throw new SyntaxError('something follows the object');
  return Object.fromEntries(members);
}

function* listInSteps(
  cursor: Cursor,
  charactersAStep: number,
  keep: (items: readonly unknown[]) => readonly unknown[],
): Steps<unknown[]> {
  cursor.at++;
  const items: unknown[] = [];
  for (let isMore = !cursor.skip(BRACKET_END); isMore; ) {
    const piece = takePiece(cursor, charactersAStep);
    isMore = cursor.skip(COMMA);
    if (!isMore && !cursor.skip(BRACKET_END)) throw new SyntaxError('a list has no end');
    const parsed = JSON.parse(`[${piece}]`) as unknown[];
    // As between two commas, where JSON has an item.
    if (parsed.length === 0) throw new SyntaxError('a list lacks an item');
    for (const item of keep(parsed)) items.push(item);
    yield;
  }
  return items;
}

/** @returns the text of some items */
function takePiece(cursor: Cursor, characters: number): string {
  const { text, at: from } = cursor;
  for (;;) {
    cursor.at = cursor.endOfValue();
    const to = cursor.at;
    if (to - from >= characters || !cursor.skip(COMMA)) return text.slice(from, to);
  }
}

/** A place in the text. It finds where a value ends; whether that is JSON is for `JSON.parse` to say. */
class Cursor {
  readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** Skips white space. @returns the character that follows, NaN at the end of the text */
  next(): number {
    let code = this.text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = this.text.charCodeAt(++this.at);
    return code;
  }

  /** Skips white space, and this character behind it. @returns false if another one follows */
  skip(code: number): boolean {
    if (this.next() !== code) return false;
    this.at++;
    return true;
  }

  /** Skips a value. @returns its text */
  take(): string {
    const from = this.at;
    this.at = this.endOfValue();
    return this.text.slice(from, this.at);
  }

  /** @returns where the value ends that begins here, behind white space */
  endOfValue(): number {
    const { text } = this;
    let depth = 0;
    for (let at = this.at; at < text.length; at++) {
      switch (text.charCodeAt(at)) {
        case QUOTE:
          at = this.#endOfString(at);
          if (depth === 0) return at + 1;
          break;
        case BRACE:
        case BRACKET:
          depth++;
          break;
        case BRACE_END:
        case BRACKET_END:
          if (depth === 0) return at;
          if (--depth === 0) return at + 1;
          break;
        case COMMA:
        case COLON:
          if (depth === 0) return at;
      }
    }
    return text.length;
  }

  #endOfString(start: number): number {
    const { text } = this;
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) return at;
      if (code === BACKSLASH) at++;
    }
    return text.length;
  }
}
