// SPDX-License-Identifier: Apache-2.0

/** The request is not what its content type says. Its message holds nothing of the body. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest';
}

/** One event can't be read; the request around it can. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}
