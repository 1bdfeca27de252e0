// SPDX-License-Identifier: Apache-2.0
import { isThenable } from '../util/guard.js';

/**
 * What a mapping of the application's answered. A promise is not an event, and is refused as such; its rejection, which
 * nothing awaits, would end the process.
 */
export function withoutRejection<T>(answer: T): T {
  if (isThenable(answer)) answer.then(undefined, () => {});
  return answer;
}
