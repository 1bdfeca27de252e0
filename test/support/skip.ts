// SPDX-License-Identifier: Apache-2.0

/** Skips a test with a line that says why. */
export function skip(context: Mocha.Context, reason: string): never {
  if (context.test) context.test.title += ` (skipped: ${reason})`;
  return context.skip();
}
