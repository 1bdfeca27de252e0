// SPDX-License-Identifier: Apache-2.0

/** Control characters, also those that turn the direction of writing or can't be seen, and lone surrogates. */
const UNSAFE = '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]';
const LONGEST = 200;

/** Made when it is first needed: V8 looks such classes up wherever a file has them, which takes a fiftieth of the import. */
let unsafe: RegExp | undefined;

/** A text of a payload as a terminal may get it: what would move the cursor or hide something is written out. */
export function safeText(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  unsafe ??= new RegExp(UNSAFE, 'gu');
  return cut.replace(unsafe, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
