// SPDX-License-Identifier: Apache-2.0

/**
 * How the reasons of a decision begin that Optimizely's SDK could not make: it was not ready, does not know the flag, or
 * could not ask the service of a contextual bandit. It sends nothing for these.
 */
const COULD_NOT_DECIDE =
  /^(?:Optimizely SDK not configured properly yet|No flag was found for key |Failed to fetch CMAB data |Fetched variation .{0,200} for cmab experiment )/;

/**
 * Whether it is the answer of Optimizely's SDK to a call that failed. It has no variation and no rule, as the decision of
 * a flag that decided nothing, which counts; only its reasons tell them apart.
 */
export function isFailedDecision(input: Readonly<Record<string, unknown>>): boolean {
  const { reasons } = input;
  return (
    Array.isArray(reasons) &&
    isNone(input.ruleKey) &&
    isNone(input.variationKey) &&
    input.enabled === false &&
    reasons.some(reason => typeof reason === 'string' && COULD_NOT_DECIDE.test(reason))
  );
}

function isNone(key: unknown): boolean {
  return key === null || key === undefined || key === '';
}
