// SPDX-License-Identifier: Apache-2.0

const LITERALS = ['true', 'false', 'null'];
/** What other languages write into JSON although it has no such values. */
const NO_JSON = ['NaN', 'Infinity', '-Infinity', 'undefined', 'None', 'True', 'False'];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/**
 * Says where a text stops being JSON. Node's own messages name the place in some versions only, and quote the text, which
 * holds users' data.
 *
 * @param text what `JSON.parse` refuses
 * @returns words such as `line 1, column 240: NaN is not a JSON value`
 */
export function describeMistake(text: string): string {
  const at = new Scan(text).firstMistake();
  const place = `line ${lineOf(text, at)}, column ${at - (text.lastIndexOf('\n', at - 1) + 1) + 1}`;
  if (at >= text.length) return `${place}: the text ends too early`;
  const word = NO_JSON.find(one => text.startsWith(one, at));
  return word === undefined ? place : `${place}: ${word} is not a JSON value`;
}

/** Counted, not cut: a body may consist of line feeds. */
function lineOf(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** Goes through the text without recursion: a body can nest deeper than the stack is. */
class Scan {
  readonly #text: string;
  readonly #open: ('{' | '[')[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @returns the position of the first character that can't stand there */
  firstMistake(): number {
    for (;;) {
      this.#space();
      if (!this.#beginsValue()) return this.#at;
      // A value has ended, and perhaps what it is in.
      for (;;) {
        this.#space();
        const inside = this.#open.at(-1);
        if (inside === undefined) return this.#at;
        if (this.#takes(inside === '{' ? '}' : ']')) this.#open.pop();
        else if (!this.#takes(',')) return this.#at;
        else if (inside === '[' || this.#key()) break;
        else return this.#at;
      }
    }
  }

  /** A value that holds others counts as begun: its first element follows, unless it is empty. */
  #beginsValue(): boolean {
    for (;;) {
      this.#space();
      if (this.#takes('[')) {
        this.#open.push('[');
        this.#space();
        if (this.#text[this.#at] === ']') return true;
      } else if (this.#takes('{')) {
        this.#open.push('{');
        this.#space();
        if (this.#text[this.#at] === '}') return true;
        if (!this.#key()) return false;
      } else return this.#scalar();
    }
  }

  #key(): boolean {
    this.#space();
    if (!this.#string()) return false;
    this.#space();
    return this.#takes(':');
  }

  #scalar(): boolean {
    if (this.#text[this.#at] === '"') return this.#string();
    if (this.#matches(NUMBER)) return true;
    return LITERALS.some(literal => this.#takes(literal));
  }

  #string(): boolean {
    if (!this.#takes('"')) return false;
    while (this.#at < this.#text.length) {
      if (this.#takes('"')) return true;
      if (this.#text[this.#at] === '\\') {
        if (!this.#matches(ESCAPE)) return false;
      } else if (this.#text.charCodeAt(this.#at) < 0x20) return false;
      else this.#at++;
    }
    return false;
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? '.')) this.#at++;
  }

  #takes(expected: string): boolean {
    const is = this.#text.startsWith(expected, this.#at);
    if (is) this.#at += expected.length;
    return is;
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.test(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}
