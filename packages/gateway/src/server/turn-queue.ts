// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises';
import type { Runtime } from '../model/runtime.js';
import { type ArrivingBody, ArrivingBytes } from './arriving-bytes.js';

/** After so much work on requests in one go, connections get their turn: those to be refused are answered then. */
const SLICE_MILLIS = 10;
/**
 * Rounds of the event loop that are their turn at least, and that pass without a new connection until there is none: libuv
 * accepts one a round. With one round after each slice, it accepts a hundred a second, and those beyond wait for seconds
 * until they are refused.
 */
const ROUNDS = 16;
/** Beyond these rounds: requests are still taken where refusals alone could fill the time. */
const MOST_PAUSE_MILLIS = 30;
/** A request that would wait longer is refused at once. */
const MOST_WAIT_MILLIS = 250;
/** Of reading and taking a byte of a request, before there was one. */
const GUESSED_MILLIS_PER_BYTE = 5e-5;
/** Of the latest request, in what is expected of the next one. */
const WEIGHT = 0.05;

interface Waiting {
  readonly byteLength: number;
  readonly since: number;
  readonly begin: () => void;
}

/**
 * Lets requests be worked on one after the other. Without it, a hundred large bodies that arrive together are read in
 * one go, seconds in which nothing is answered, not even with a refusal.
 */
export class TurnQueue {
  readonly #runtime: Runtime;
  #waiting: Waiting[] = [];
  #next = 0;
  #isRunning = false;
  /** That have come so far. */
  #connections = 0;
  /** On requests, since connections had their turn. */
  #workedMillis = 0;
  /** Bytes of the bodies that wait. */
  #byteLength = 0;
  readonly #arriving: ArrivingBytes;
  #millisPerByte = GUESSED_MILLIS_PER_BYTE;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#arriving = new ArrivingBytes(runtime);
  }

  /** Whether requests come faster than they can be worked on, so that one more had better not be read. */
  get isCrowded(): boolean {
    return (
      (this.#byteLength + this.#arriving.byteLength) * this.#millisPerByte > MOST_WAIT_MILLIS ||
      this.isOverloaded
    );
  }

  /** Whether so many wait that one more would wait too long. */
  get isOverloaded(): boolean {
    if (this.#byteLength * this.#millisPerByte > MOST_WAIT_MILLIS) return true;
    const oldest = this.#waiting[this.#next];
    return oldest !== undefined && this.#runtime.monotonic() - oldest.since > 2 * MOST_WAIT_MILLIS;
  }

  /** A connection was accepted: others may wait behind it. */
  connected(): void {
    this.#connections++;
  }

  /** A request is read, which will wait for its turn. */
  arriving(): ArrivingBody {
    return this.#arriving.begin();
  }

  /** Resolves when it is this request's turn. */
  turn(byteLength: number): Promise<void> {
    return new Promise(begin => {
      this.#byteLength += byteLength;
      this.#waiting.push({ byteLength, since: this.#runtime.monotonic(), begin });
      if (this.#isRunning) return;
      this.#isRunning = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#workedMillis >= SLICE_MILLIS) await this.#pause();
      const request = this.#waiting[this.#next++];
      if (request === undefined) break;
      this.#byteLength -= request.byteLength;
      const began = this.#runtime.monotonic();
      request.begin();
      // The request goes on before this does, as far as it gets without waiting for anything.
      await undefined;
      await undefined;
      const millis = this.#runtime.monotonic() - began;
      this.#workedMillis += millis;
      const millisPerByte = millis / (request.byteLength + 1_000);
      this.#millisPerByte += WEIGHT * (millisPerByte - this.#millisPerByte);
    }
    this.#waiting = [];
    this.#next = 0;
    this.#isRunning = false;
  }

  async #pause(): Promise<void> {
    const until = this.#runtime.monotonic() + MOST_PAUSE_MILLIS;
    let quiet = 0;
    for (let round = 0; quiet < ROUNDS; round++) {
      if (round >= ROUNDS && this.#runtime.monotonic() >= until) break;
      const before = this.#connections;
      await setImmediate();
      quiet = this.#connections === before ? quiet + 1 : 0;
    }
    this.#workedMillis = 0;
    this.#forget();
  }

  /** Those that have begun; not one by one, which would move all others each time. */
  #forget(): void {
    if (this.#next < 1_000) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }
}
