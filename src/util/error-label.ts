// SPDX-License-Identifier: Apache-2.0
import { TAG_OF } from '../model/logger.js';

const NAME = /^[A-Za-z]{1,40}$/;

const CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

/** What may be logged of an error: its class and code, as far as they look like it. A message can quote input. */
export function errorLabel(error: unknown): string {
  try {
    // By its tag, too: `instanceof` knows no error of another realm, such as Node's own in a test that Jest runs.
    if (!(error instanceof Error) && TAG_OF.call(error) !== '[object Error]') return typeof error;
    const { name, code } = error as { name?: unknown; code?: unknown };
    const label = typeof name === 'string' && NAME.test(name) ? name : 'Error';
    return typeof code === 'string' && CODE.test(code) ? `${label} ${code}` : label;
  } catch {
    return 'unreadable error';
  }
}
