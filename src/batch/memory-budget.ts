// SPDX-License-Identifier: Apache-2.0
import type { QueueBudget } from '../model/event-queue.js';
import type { SerializedEvent } from '../model/serialized-event.js';

export interface MemoryLimits {
  /** Events. */
  readonly maxQueueSize: number;
  /** Bytes of payload. */
  readonly maxQueueBytes: number;
}

/**
 * The bounds over everything in memory: held, queued, in flight and being retried. The last tenth is kept for
 * conversions: an experiment that lost impressions evenly has a smaller sample, one that lost conversions a wrong result.
 */
export class MemoryBudget implements QueueBudget {
  readonly #limits: MemoryLimits;
  readonly #impressionLimits: MemoryLimits;
  #count = 0;
  #bytes = 0;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
    this.#impressionLimits = {
      maxQueueSize: limits.maxQueueSize - Math.floor(limits.maxQueueSize / 10),
      maxQueueBytes: limits.maxQueueBytes - Math.floor(limits.maxQueueBytes / 10),
    };
  }

  get count(): number {
    return this.#count;
  }

  hasRoom(bytes: number): boolean {
    return this.#fits(this.#impressionLimits, bytes);
  }

  take(type: SerializedEvent['type'], bytes: number): boolean {
    if (!this.#fits(type === 'conversion' ? this.#limits : this.#impressionLimits, bytes)) return false;
    this.takeAnyway(1, bytes);
    return true;
  }

  takeAnyway(count: number, bytes: number): void {
    this.#count += count;
    this.#bytes += bytes;
  }

  release(count: number, bytes: number): void {
    this.#count -= count;
    this.#bytes -= bytes;
  }

  #fits({ maxQueueSize, maxQueueBytes }: MemoryLimits, bytes: number): boolean {
    return this.#count + 1 <= maxQueueSize && this.#bytes + bytes <= maxQueueBytes;
  }
}
