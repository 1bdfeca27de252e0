// SPDX-License-Identifier: Apache-2.0

/**
 * Whether JSON text nests deeper than `levels`. Text that serializes near the end of the stack does so only by luck:
 * the dispatcher or listener that touches it a few calls deeper fails, and everything in its batch with it.
 */
export function nestsDeeperThan(text: string, levels: number): boolean {
  // Each level takes two characters, so most text need not be read.
  if (text.length <= 2 * levels) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '"':
        inString = !inString;
        break;
      case '\\':
        index++;
        break;
      case '{':
      case '[':
        if (!inString && ++depth > levels) return true;
        break;
      case '}':
      case ']':
        if (!inString) depth--;
    }
  }
  return false;
}
