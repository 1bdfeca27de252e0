// SPDX-License-Identifier: Apache-2.0
import { bodyOf, type EventDispatcher, type LogEvent } from 'opentelemetry-exporter-optimizely';

export interface GatewayDispatcherOptions {
  /** The one address that services of this company may call. */
  readonly gateway: string;
  /** Asked for at each request: tokens expire. */
  readonly token: () => string;
}

/**
 * Sends through a gateway that wants a token, over the fetch of Node. What the answer means, retries, deadlines and
 * the number of requests at once stay the package's business: a dispatcher carries out one request and says how it went.
 */
export class GatewayDispatcher implements EventDispatcher {
  readonly #gateway: string;
  readonly #token: () => string;

  constructor({ gateway, token }: GatewayDispatcherOptions) {
    this.#gateway = gateway;
    this.#token = token;
  }

  /** @throws (rejects) where there was no answer; the package tries again */
  async dispatchEvent(logEvent: LogEvent, { signal }: { signal?: AbortSignal } = {}) {
    const response = await fetch(this.#gateway, {
      method: logEvent.httpVerb,
      headers: {
        ...logEvent.headers,
        authorization: `Bearer ${this.#token()}`,
        'x-forward-to': logEvent.url,
      },
      body: bodyOf(logEvent),
      redirect: 'manual',
      signal: signal ?? AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    // `retry-after` is obeyed if it is there.
    return { statusCode: response.status, headers: Object.fromEntries(response.headers) };
  }
}
