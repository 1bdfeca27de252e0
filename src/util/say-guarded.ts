// SPDX-License-Identifier: Apache-2.0
import { isObjectLike } from './guard.js';

/** So many lines deep may a logger record events that are logged in turn. */
const DEEPEST = 4;

let depth = 0;

/**
 * Has a logger write a line. What the logger throws, rejects with or records goes no further.
 *
 * @param onFailure called where the line may not have been written
 */
export function sayGuarded(write: () => unknown, onFailure: () => void): void {
  if (depth >= DEEPEST) {
    onFailure();
    return;
  }
  depth++;
  try {
    const answer = write();
    if (isObjectLike(answer)) Promise.resolve(answer).catch(onFailure);
  } catch {
    onFailure();
  } finally {
    depth--;
  }
}
