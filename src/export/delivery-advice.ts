// SPDX-License-Identifier: Apache-2.0
import { type Answer, judge } from './verdict.js';

const OPTIMIZELYS_PATH = '/v1/events';
const NOT_FOUND: readonly (number | undefined)[] = [404, 405];

/**
 * What an operator has to look at, where time alone does not mend what the answer says.
 *
 * @param place as the log names it, undefined where requests go to `url`
 * @returns undefined if there is nothing to look at yet
 */
export function adviceFor(answer: Answer, url: string, place: string | undefined): string | undefined {
  const verdict = judge(answer);
  if (answer.kind !== 'status' || verdict.kind !== 'retry' || !verdict.slow) return undefined;
  if (place !== undefined) return 'check its address and credentials';
  return NOT_FOUND.includes(answer.status) && lacksOptimizelysPath(url)
    ? `check the endpoint: the path of Optimizely's is ${OPTIMIZELYS_PATH}`
    : 'check endpoint, proxy and credentials';
}

function lacksOptimizelysPath(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname !== OPTIMIZELYS_PATH;
}
