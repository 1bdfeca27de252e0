// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { EventDispatcherResponse } from '../model/event-dispatcher.js';
import { type Destination, withAuthorization } from './destination.js';
import { drain } from './drain.js';
import type { Answer, Transport } from './transport.js';
import { getBy } from './undici-transport.js';

/** Requests by an undici dispatcher of the application's, perhaps of another version, whose handlers are not those of ours. */
export class GivenTransport implements Transport {
  readonly #dispatcher: Pick<Dispatcher, 'request'>;

  constructor(dispatcher: Pick<Dispatcher, 'request'>) {
    this.#dispatcher = dispatcher;
  }

  async post(
    { origin, path, authorization }: Destination,
    { method, headers, body, abortSource }: Parameters<Transport['post']>[1],
  ): Promise<EventDispatcherResponse> {
    const controller = new AbortController();
    abortSource.listen({ aborted: reason => controller.abort(reason) });
    try {
      const response = await this.#dispatcher.request({
        origin,
        path,
        method,
        // A copy: interceptors of the application's may add to them.
        headers: { ...withAuthorization(headers, authorization) },
        body: (body ?? null) as string | Buffer | null,
        signal: controller.signal,
      });
      drain(response.body);
      return { statusCode: response.statusCode, headers: response.headers };
    } finally {
      abortSource.unlisten();
    }
  }

  get(destination: Destination, message: Parameters<Transport['get']>[1]): Promise<Answer> {
    return getBy(this.#dispatcher, destination, message);
  }

  /** Its owner closes it. */
  async close(): Promise<void> {}
}
