// SPDX-License-Identifier: Apache-2.0
import { onProcess } from '../lifecycle/on-process.js';

const MOST_BYTES = 65_536;

/** Records that wait for the end of the turn of the event loop, to be written in one piece. */
export class PendingRecords {
  readonly bytes = Buffer.allocUnsafeSlow(MOST_BYTES);
  readonly #endOfTurn: () => void;
  readonly #stop: () => void;
  #isWatching = false;
  /** The process has no other turn: what listeners to its end still record is written at once. */
  #isEnding = false;
  /** Number of records. */
  count = 0;
  /** In bytes. */
  length = 0;

  /** @param endOfTurn called once there are some, at the end of the turn or of the process */
  constructor(endOfTurn: () => void) {
    this.#endOfTurn = () => {
      this.#isWatching = false;
      endOfTurn();
    };
    // A turn that throws ends the process, and never ends itself.
    this.#stop = onProcess('exit', () => {
      this.#isEnding = true;
      endOfTurn();
    });
  }

  hasRoomFor(length: number): boolean {
    return !this.#isEnding && this.length + length <= MOST_BYTES;
  }

  /** Either the record has been added or, where the stack ends, nothing has changed. */
  add(record: Buffer, length: number): void {
    if (!this.#isWatching) this.#watch();
    record.copy(this.bytes, this.length, 0, length);
    this.length += length;
    this.count++;
  }

  #watch(): void {
    this.#isWatching = true;
    try {
      // A simulated browser (jsdom) has no setImmediate.
      if (typeof setImmediate === 'function') setImmediate(this.#endOfTurn);
      else queueMicrotask(this.#endOfTurn);
    } catch (error) {
      this.#isWatching = false;
      throw error;
    }
  }

  clear(): void {
    this.count = 0;
    this.length = 0;
  }

  /** No more will come. */
  close(): void {
    this.#stop();
  }
}
