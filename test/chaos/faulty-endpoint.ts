// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';
import { uuidsIn } from '../support/fakes.js';
import { closeServer, openOnLoopback } from '../support/loopback.js';
import type { Book } from './book.js';
import type { Random } from './random.js';

export type Fault =
  | 'none'
  | 'delay'
  | 'hang'
  | 'reset at once'
  | 'reset'
  | 'take and reset'
  | 'take and hang'
  | '408'
  | '413'
  | '429'
  | '500'
  | '503';

/** What became of a request: a fault, or 204 and 400 of the server itself. */
export type Outcome = Exclude<Fault, 'none'> | '204' | '400';

export type FaultWeights = readonly (readonly [Fault, number])[];

/** What decides of events, and keeps what was taken. */
export type EndpointBook = Pick<Book, 'isPoison' | 'isolated' | 'receive'>;

/** By default, a batch below this is never too large; the largest event alone is. */
const TOO_LARGE_BYTES = 2_000;

/**
 * An Events endpoint that fails at random. A batch with poison in it is refused with 400 whenever it would have been
 * taken: so it is known of every event whether it has to arrive.
 */
export class FaultyEndpoint {
  readonly #server = createServer((request, response) => {
    // A client that has gone away is nothing to complain about.
    void this.#serve(request, response).catch(() => response.destroy());
  });
  readonly #book: EndpointBook;
  readonly #random: Random;
  readonly #weights: FaultWeights;
  readonly #tooLargeBytes: number;
  readonly outcomes = new Map<Outcome, number>();
  /** It fails no more. */
  healthy = false;
  /** What happens to each request while it is set. */
  outage: Fault | undefined;
  url = '';

  constructor(book: EndpointBook, random: Random, weights: FaultWeights, tooLargeBytes = TOO_LARGE_BYTES) {
    this.#book = book;
    this.#random = random;
    this.#weights = weights;
    this.#tooLargeBytes = tooLargeBytes;
  }

  async open(): Promise<void> {
    this.url = `${await openOnLoopback(this.#server)}/v1/events`;
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.outage ?? (this.healthy ? 'none' : this.#random.pick(this.#weights));
    if (fault === 'reset at once') {
      this.#count(fault);
      request.socket.resetAndDestroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const params = JSON.parse(body.toString()) as EventBatchParams;
    await this.#answer(fault, params, body.length, response);
  }

  async #answer(
    fault: Fault,
    params: EventBatchParams,
    bytes: number,
    response: ServerResponse,
  ): Promise<void> {
    switch (fault) {
      case 'none':
        this.#take(params, '204', response);
        return;
      case 'delay':
        await pause(this.#random.between(10, 120));
        this.#take(params, 'delay', response);
        return;
      case 'take and reset':
        this.#take(params, fault, response, () => response.socket?.resetAndDestroy());
        return;
      case 'take and hang':
        this.#take(params, fault, response, () => {});
        return;
      case 'hang':
        this.#count(fault);
        return;
      case 'reset at once':
      case 'reset':
        this.#count(fault);
        response.socket?.resetAndDestroy();
        return;
      case '413':
        if (bytes < this.#tooLargeBytes) this.#take(params, '204', response);
        else this.#refuse(fault, response);
        return;
      case '429':
        this.#refuse(fault, response, this.#retryAfter());
        return;
      case '408':
      case '500':
      case '503':
        this.#refuse(fault, response);
    }
  }

  /** @param answer what to do when it has the batch; default: say so */
  #take(
    params: EventBatchParams,
    outcome: Outcome,
    response: ServerResponse,
    answer: () => void = () => response.writeHead(204).end(),
  ): void {
    const uuids = uuidsIn([params]);
    if (uuids.some(uuid => this.#book.isPoison(uuid))) {
      if (uuids.length === 1) this.#book.isolated(uuids[0] as string);
      this.#refuse('400', response);
      return;
    }
    // Before the answer: the sender may not be there any more to get one.
    this.#book.receive(params);
    this.#count(outcome);
    answer();
  }

  #refuse(outcome: Outcome, response: ServerResponse, headers: Record<string, string> = {}): void {
    this.#count(outcome);
    response.writeHead(Number(outcome), headers).end();
  }

  #retryAfter(): Record<string, string> {
    const date = new Date(Date.now() + 1_000).toUTCString();
    const text = this.#random.pick([
      ['', 4],
      ['0', 4],
      ['1', 1],
      [date, 1],
    ] as const);
    return text === '' ? {} : { 'Retry-After': text };
  }

  #count(outcome: Outcome): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}
