// SPDX-License-Identifier: Apache-2.0
import type { AsyncResource } from 'node:async_hooks';

/** The asynchronous context of the code that makes it, to run other work in. */
export class AsyncScope {
  readonly #resource: AsyncResource;

  /** @param type how `async_hooks` names it */
  constructor(type: string) {
    const { AsyncResource } = process.getBuiltinModule('node:async_hooks');
    this.#resource = new AsyncResource(type);
  }

  run<Args extends unknown[], T>(work: (...args: Args) => T, self: unknown, ...args: Args): T {
    return this.#resource.runInAsyncScope(work, self, ...args);
  }
}
