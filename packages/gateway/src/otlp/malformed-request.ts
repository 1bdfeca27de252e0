// SPDX-License-Identifier: Apache-2.0
import { MAX_EVENT_VALUES } from '../util/request-size.js';

/** The request is not what its content type says. Its message holds nothing of the body. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest';
}

/** One event can't be read; the request around it can. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

export const TOO_MANY_VALUES = `the event holds more than ${MAX_EVENT_VALUES} attributes, members, and elements`;
