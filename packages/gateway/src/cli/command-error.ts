// SPDX-License-Identifier: Apache-2.0

/** Ends the command with a message. Exit codes: 1, it could not be done; 2, it was called wrongly. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
