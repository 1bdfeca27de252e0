// SPDX-License-Identifier: Apache-2.0

/**
 * What a mapping of the application's answered. A promise is no event, and is refused as such; its rejection, which
 * nobody awaits, would end the process.
 */
export function withoutRejection<T>(answer: T): T {
  if (answer instanceof Promise) answer.catch(() => {});
  return answer;
}
