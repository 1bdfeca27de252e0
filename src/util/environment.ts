// SPDX-License-Identifier: Apache-2.0

/**
 * An environment variable.
 *
 * @returns undefined if it is not set, or holds nothing but white space: OpenTelemetry's rule for all variables
 */
export function environmentVariable(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}
