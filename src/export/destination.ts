// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import type { Chunk } from './chunk.js';
import type { DeliveryLog } from './delivery-log.js';
import { LearnedLimit } from './learned-limit.js';
import { halve, payloadBytes } from './split.js';
import { type Answer, isReset, type Retry, speaksOfTheChunk } from './verdict.js';

export interface DestinationOptions extends BackoffOptions {
  readonly maxConcurrentRequests: number;
}

/** So many times again, while other chunks get through, and the chunk itself is at fault. */
const STRIKES = 2;

/** What its answers have told of the destination. */
export class Destination {
  readonly log: DeliveryLog;
  readonly #maxConcurrentRequests: number;
  readonly #backoff: Backoff;
  readonly #limit = new LearnedLimit();
  #failing = false;
  #arrivals = 0;

  constructor(options: DestinationOptions, runtime: Runtime, log: DeliveryLog) {
    this.log = log;
    this.#maxConcurrentRequests = options.maxConcurrentRequests;
    this.#backoff = new Backoff(options, runtime);
  }

  /** Whether its latest answer, or none, was its own fault. */
  get isFailing(): boolean {
    return this.#failing;
  }

  /** Requests that may be out at once: while it fails, one probe. */
  get concurrency(): number {
    return this.#failing ? 1 : this.#maxConcurrentRequests;
  }

  /** A larger chunk is split before it is sent. */
  get maxBytes(): number {
    return this.#limit.bytes;
  }

  /** Which step of the backoff a request that begins now belongs to. */
  get step(): number {
    return this.#backoff.step;
  }

  get isHurried(): boolean {
    return this.#backoff.isHurried;
  }

  /** @returns milliseconds until the next request may be made */
  rest(): number {
    return this.#backoff.remaining();
  }

  hurry(): void {
    this.#backoff.hurry();
  }

  relax(): void {
    this.#backoff.relax();
  }

  delivered(answer: Answer): void {
    if (answer.kind === 'status' && answer.status === undefined) this.log.unreadable();
    this.#arrivals++;
    this.#limit.arrived();
    this.answered();
  }

  refusedSize({ events }: Chunk): void {
    this.#limit.shrink(payloadBytes(halve(events)[0] ?? []));
    this.answered();
  }

  /** It is there, whatever it said. */
  answered(): void {
    this.log.answered();
    this.#failing = false;
    this.#backoff.succeeded();
  }

  failed(answer: Answer, step: number, retry: Retry): void {
    this.log.failed(answer);
    this.#failing = true;
    this.#backoff.failed(step, retry);
  }

  /** Most likely an idle connection that was closed just as it was used again: no fault of the destination. */
  mayTryAtOnce(chunk: Chunk, answer: Answer): boolean {
    if (chunk.triedAtOnce || this.#arrivals === 0 || !isReset(answer)) return false;
    chunk.triedAtOnce = true;
    return true;
  }

  /** Whether the chunk fails again and again while others get through: a size or a content that something cuts off. */
  isAtFault(chunk: Chunk, answer: Answer): boolean {
    if (!speaksOfTheChunk(answer)) return false;
    if (this.#arrivals > (chunk.arrivalsAtFailure ?? this.#arrivals)) chunk.strikes++;
    chunk.arrivalsAtFailure = this.#arrivals;
    return chunk.strikes >= (chunk.isSuspect ? 1 : STRIKES);
  }

  /** @returns milliseconds that a chunk waits for itself which is at fault alone */
  restAlone(chunk: Chunk): number {
    return this.#backoff.delayAfter(++chunk.restsAlone);
  }

  end(): void {
    this.log.end();
  }
}
