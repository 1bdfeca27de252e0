// SPDX-License-Identifier: Apache-2.0

/** A configuration that can't be used. Its message names the key and what to write, and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
