// SPDX-License-Identifier: Apache-2.0

import { TAG_OF } from '../model/logger.js';
import { hasOnly, isCapital, isDigit, isLetter } from './characters.js';

const UNDERSCORE = 0x5f;

function isName(text: string): boolean {
  return text.length <= 40 && hasOnly(text, isLetter);
}

function isCode(text: string): boolean {
  const isOne = (code: number) => isCapital(code) || isDigit(code) || code === UNDERSCORE;
  return text.length > 1 && text.length <= 41 && isCapital(text.charCodeAt(0)) && hasOnly(text, isOne);
}

/** What may be logged of an error: its class and code, as far as they look like it. A message can quote input. */
export function errorLabel(error: unknown): string {
  try {
    // By its tag, too: `instanceof` knows no error of another realm, such as Node's own in a test that Jest runs.
    if (!(error instanceof Error) && TAG_OF.call(error) !== '[object Error]') return typeof error;
    const { name, code } = error as { name?: unknown; code?: unknown };
    const label = typeof name === 'string' && isName(name) ? name : 'Error';
    return typeof code === 'string' && isCode(code) ? `${label} ${code}` : label;
  } catch {
    return 'unreadable error';
  }
}
