// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { AsyncScope } from '../util/async-scope.js';
import { suppressTracing } from '../util/suppress-tracing.js';

/**
 * The asynchronous contexts that requests are made in, and what follows from their answers. Both are remembered: from
 * Node 24 on each `context.with` copies all that Node keeps for a context, which had a tenth of a request.
 */
export class RequestScopes {
  readonly #outside = new AsyncScope('OptimizelyDelivery');
  /** Made with the first request: by then the application has set its context manager. */
  #untraced: AsyncScope | undefined;

  /** Runs work that belongs to no request, as where this object was made: listeners may make requests of their own. */
  outside<Args extends unknown[]>(work: (...args: Args) => void, self: unknown, ...args: Args): void {
    this.#outside.run(work, self, ...args);
  }

  untraced<Args extends unknown[]>(work: (...args: Args) => void, self: unknown, ...args: Args): void {
    this.#untraced ??= this.#outside.run(makeUntraced, undefined);
    this.#untraced.run(work, self, ...args);
  }
}

function makeUntraced(): AsyncScope {
  return context.with(suppressTracing(context.active()), () => new AsyncScope('OptimizelyRequest'));
}
