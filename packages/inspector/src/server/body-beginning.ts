// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

/** Enough to see what was sent. */
const MOST_BYTES = 4_000;

/** Remembers how a request's body begins while another reader takes it in: `data` tells all of them. */
export class BodyBeginning {
  readonly #chunks: Buffer[] = [];
  byteLength = 0;

  constructor(request: IncomingMessage) {
    request.on('data', (chunk: Buffer) => {
      if (this.byteLength < MOST_BYTES) this.#chunks.push(chunk.subarray(0, MOST_BYTES - this.byteLength));
      this.byteLength += chunk.length;
    });
  }

  /** A copy, so that what is kept does not hold on to the chunks of a large body. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
