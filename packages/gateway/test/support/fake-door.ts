// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Door, DoorAnswer, DoorRequest, ServerRefusal } from '../../src/model/door.js';

/** A door that answers what the test says, and keeps what came to it. */
export class FakeDoor implements Door {
  readonly requests: DoorRequest[] = [];
  respond: (request: DoorRequest) => DoorAnswer | Promise<DoorAnswer> = () => ({
    status: 200,
    body: 'taken',
  });
  readonly #came = new EventTarget();

  async answer(request: DoorRequest): Promise<DoorAnswer> {
    this.requests.push(request);
    this.#came.dispatchEvent(new Event('request'));
    return this.respond(request);
  }

  refuse({ status, message, retryAfterSeconds }: ServerRefusal, mediaType: string): DoorAnswer {
    return {
      status,
      headers: {
        'content-type': 'text/plain',
        ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      },
      body: `${mediaType} refused: ${message}`,
    };
  }

  /** Waits until so many requests have come. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await once(this.#came, 'request');
  }
}
