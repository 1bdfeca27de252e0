// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import { OnceLog } from './episode-log.js';
import { errorLabel } from './error-label.js';

/**
 * Calls an object of the application. What it throws, and the rejection of what it returns, is logged once per method
 * and goes no further.
 */
export class Seam {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #said = new OnceLog();

  /** @param name how the options name the object, such as `eventQueue` */
  constructor(name: string, logger: Logger) {
    this.#name = name;
    this.#logger = logger;
  }

  /**
   * Calls at once. A promise that comes back is returned as it is; its rejection is logged and handled.
   *
   * @param otherwise what a call that throws returns
   */
  call<T>(method: string, otherwise: T, work: () => T): T {
    try {
      const returned = work();
      this.watch(method, returned);
      return returned;
    } catch (error) {
      this.failed(method, error);
      return otherwise;
    }
  }

  /** Calls and waits for the promise that comes back, if any. Never rejects; never settles if that one never does. */
  async settle(method: string, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failed(method, error);
    }
  }

  /** Logs a failure that was found elsewhere. Never throws. */
  failed(method: string, error: unknown): void {
    try {
      if (this.#said.first(method))
        this.#logger.error(`${this.#name}.${method} failed: ${errorLabel(error)}`);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }

  /**
   * Logs what a method does that it must not, once. Never throws.
   *
   * @param how what it does and has to do instead: of values only the kind
   */
  misused(method: string, how: string): void {
    try {
      const line = `${this.#name}.${method} ${how}`;
      if (this.#said.first(line)) this.#logger.error(line);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }

  /** Handles the rejection of what a call returned, where that is a promise. Throws where looking at it does. */
  watch(method: string, returned: unknown): void {
    if (isThenable(returned)) returned.then(undefined, error => this.failed(method, error));
  }
}

/** Whether it has a `then` to call. Throws where reading it does. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObjectLike(value) && typeof (value as { then?: unknown }).then === 'function';
}

/** What may be logged of a value: its kind, with an article. Never throws. */
export function kindOf(value: unknown): string {
  try {
    if (value === null || value === undefined || Number.isNaN(value)) return String(value);
    if (isThenable(value)) return 'a promise';
    const kind = Array.isArray(value) ? 'array' : typeof value;
    return kind.startsWith('a') || kind.startsWith('o') ? `an ${kind}` : `a ${kind}`;
  } catch {
    return 'an unreadable object';
  }
}

/** Whether it can have members: an object or a function. */
export function isObjectLike(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isRangeError(error: unknown): boolean {
  try {
    return error instanceof RangeError;
  } catch {
    return true;
  }
}

/** Whether the stack had no room left: the same call may succeed with a shorter one. */
export function isStackOverflow(error: unknown): boolean {
  try {
    return error instanceof RangeError && error.message.includes('call stack');
  } catch (reading) {
    // Either the stack has ended here, too, or the error can't be read.
    return isRangeError(reading);
  }
}
