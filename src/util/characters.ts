// SPDX-License-Identifier: Apache-2.0

/*
 * What texts are made of, without regular expressions: where V8 compiles one at the end of the application's stack, for the first
 * time or once more, it ends the process. So nothing that is done while an event is recorded may need one.
 */

/** In which small letters differ from capitals. */
const LOWER = 0x20;

/** Whether a text has characters, and only such ones. */
export function hasOnly(text: string, isOne: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index++) if (!isOne(text.charCodeAt(index))) return false;
  return text !== '';
}

/** Whether a text has as many bytes as characters. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

export function isLetter(code: number): boolean {
  return isCapital(code & ~LOWER);
}

export function isHexDigit(code: number): boolean {
  const capital = code & ~LOWER;
  return isDigit(code) || (capital >= 0x41 && capital <= 0x46);
}
