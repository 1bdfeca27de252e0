// SPDX-License-Identifier: Apache-2.0

/** Control characters, also those that turn the direction of writing or can't be seen, and lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const LONGEST = 200;

/** A text of a payload as a terminal may get it: what would move the cursor or hide something is written out. */
export function safeText(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut.replace(UNSAFE, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
