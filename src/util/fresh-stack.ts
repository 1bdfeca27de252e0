// SPDX-License-Identifier: Apache-2.0

const SETTLED = Promise.resolve();

/**
 * Begins asynchronous work once the present call is over. Where the application's stack ends, work that had begun would
 * stop halfway, and its promise would reject.
 */
export function onFreshStack<T>(work: () => Promise<T>): Promise<T> {
  return SETTLED.then(work);
}
