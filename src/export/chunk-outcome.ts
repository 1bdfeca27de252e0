// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { Chunk } from './chunk.js';
import type { Destination } from './destination.js';
import type { SendQueue } from './send-queue.js';
import { type Answer, judge, type Retry } from './verdict.js';

const RETRY: Retry = { kind: 'retry', floorMillis: 0, slow: false };

/** What becomes of a chunk: its events are settled, or it goes back into the queue, in one piece or in two. */
export class ChunkOutcome {
  readonly #destination: Destination;
  readonly #queue: SendQueue;

  constructor(destination: Destination, queue: SendQueue) {
    this.#destination = destination;
    this.#queue = queue;
  }

  /** @param step of the backoff that the request belonged to */
  answered(chunk: Chunk, answer: Answer, step: number): void {
    const verdict = judge(answer);
    switch (verdict.kind) {
      case 'delivered':
      case 'streamed':
        this.#destination.delivered(answer);
        chunk.settle(verdict.kind === 'streamed' ? 'streamed' : undefined);
        return;
      case 'too large':
        this.#destination.refusedSize(chunk);
        if (chunk.events.length === 1) this.#refuse('too_large', chunk, answer);
        else this.#queue.pushHalves(chunk);
        return;
      case 'refused':
        this.#destination.answered();
        if (chunk.events.length === 1) this.#refuse('rejected', chunk, answer);
        else this.#queue.searchThrough(chunk);
        return;
      case 'retry':
        if (this.#destination.mayTryAtOnce(chunk, answer)) this.#queue.push(chunk);
        else if (this.#destination.isAtFault(chunk, answer)) this.#singleOut(chunk, answer);
        else this.#fail(chunk, answer, step, verdict);
    }
  }

  /** No request could be made of it. */
  failed(chunk: Chunk, error: unknown): void {
    this.#fail(chunk, { kind: 'no answer', error }, this.#destination.step, RETRY);
  }

  /** One event that can't be serialized again, nested too deep say, costs none of the others. */
  unserializable(chunk: Chunk): void {
    if (chunk.events.length > 1) {
      this.#queue.pushHalves(chunk);
      return;
    }
    this.#destination.log.unserializable();
    chunk.settle('invalid');
  }

  #fail(chunk: Chunk, answer: Answer, step: number, retry: Retry): void {
    this.#destination.failed(answer, step, retry);
    this.#queue.push(chunk);
  }

  #singleOut(chunk: Chunk, answer: Answer): void {
    this.#destination.log.singledOut(answer);
    if (chunk.events.length > 1) this.#queue.searchThrough(chunk);
    else this.#queue.rest(chunk, this.#destination.restAlone(chunk));
  }

  #refuse(reason: DropReason, chunk: Chunk, answer: Answer): void {
    this.#destination.log.refused(answer);
    chunk.settle(reason);
  }
}
