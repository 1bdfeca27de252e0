// SPDX-License-Identifier: Apache-2.0

/** Characters that take no room or can't be told from others, but for plain spaces within a text; and the bracket of code points. */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}⟨]|(?! )\p{Zs}|^ +| +$| {2,}/gu;
const LATIN = /\p{Script=Latin}/u;
/** Letters of scripts that have the shapes of Latin ones. */
const LATIN_SHAPES = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/gu;
/** A letter with a mark of its own, which looks like the letter that Unicode has for both. */
const MARKS = /\p{M}/gu;

/**
 * Writes an id so that those that look alike can be told apart: white space at its ends or in a row, invisible characters,
 * direction marks, combining marks, and letters of other scripts between Latin ones stand there by their code point.
 *
 * @returns the text itself if there is nothing to make visible
 */
export function visibleText(text: string): string {
  if (isPlain(text)) return text;
  const shown = text.replace(INVISIBLE, run => [...run].map(codePoint).join(''));
  const marked = shown.replace(MARKS, codePoint);
  return LATIN.test(text) ? marked.replace(LATIN_SHAPES, codePoint) : marked;
}

/** ASCII that shows, as most ids are: nothing else has to be looked at. */
function isPlain(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

function codePoint(character: string): string {
  const number = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `⟨U+${number.padStart(4, '0')}⟩`;
}
