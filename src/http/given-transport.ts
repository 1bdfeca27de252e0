// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { HttpResponse, RequestOwner } from '../model/event-dispatcher.js';
import { type Destination, withAuthorization } from './destination.js';
import { drain } from './drain.js';
import type { NamedProxy } from './proxy-environment.js';
import type { Answer, Message, Transport } from './transport.js';
import { getBy } from './undici-transport.js';

/** Requests by an undici dispatcher of the application's, perhaps of another version, whose handlers are not those of ours. */
export class GivenTransport implements Transport {
  readonly #dispatcher: Pick<Dispatcher, 'request'>;

  constructor(dispatcher: Pick<Dispatcher, 'request'>) {
    this.#dispatcher = dispatcher;
  }

  post(
    destination: Destination,
    message: Message,
    _proxy: NamedProxy | undefined,
    owner: RequestOwner,
  ): void {
    this.#request(destination, message, owner).then(
      response => owner.responded(response),
      error => owner.failed(error),
    );
  }

  async #request(
    { origin, path, authorization }: Destination,
    { method, headers, body }: Message,
    owner: RequestOwner,
  ): Promise<HttpResponse> {
    const controller = new AbortController();
    owner.listen({ aborted: reason => controller.abort(reason) });
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
      owner.unlisten();
    }
  }

  get(destination: Destination, message: Parameters<Transport['get']>[1]): Promise<Answer> {
    return getBy(this.#dispatcher, destination, message);
  }

  /** Its owner closes it. */
  async close(): Promise<void> {}
}
