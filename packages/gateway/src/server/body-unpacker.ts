// SPDX-License-Identifier: Apache-2.0
import type { ArrivingBody } from './arriving-bytes.js';
import type { Reservation } from './byte-budget.js';
import type { TurnQueue } from './turn-queue.js';
import { type ContentCoding, type Unpacked, unpack, unpackSmall } from './unpack.js';

/** What a packed byte becomes, before there was one. */
const GUESSED = 8;
/** A bomb must not make all others look like one. */
const MOST = 50;
/** Of the latest body, in what is expected of the next one. */
const WEIGHT = 0.05;

/**
 * Unpacks bodies, each in its turn: what is refused before that is not unpacked, and what waits takes no more memory than
 * it took on its way. Packed bytes count as what they are expected to become, by what came before in their coding.
 */
export class BodyUnpacker {
  readonly #turns: TurnQueue;
  readonly #maxBodyBytes: number;
  readonly #factors: Record<ContentCoding, number> = {
    identity: 1,
    gzip: GUESSED,
    deflate: GUESSED,
    zstd: GUESSED,
  };

  constructor(turns: TurnQueue, maxBodyBytes: number) {
    this.#turns = turns;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** A body of this coding is read, which will wait for its turn. */
  arriving(coding: ContentCoding): ArrivingBody {
    const body = this.#turns.arriving();
    const factor = this.#factors[coding];
    return { add: byteLength => body.add(byteLength * factor), end: () => body.end() };
  }

  /**
   * Resolves when it is the body's turn, right before what then follows; a large one is unpacked in the thread pool, and
   * has another turn after that.
   *
   * @param reservation holds what is unpacked
   */
  unpack(packed: Buffer, coding: ContentCoding, reservation: Reservation): Promise<Unpacked> {
    return this.#turns.turn(packed.length * this.#factors[coding]).then(() => {
      const body = unpackSmall(packed, coding, this.#maxBodyBytes);
      if (body === undefined) return this.#unpackLarge(packed, coding, reservation);
      if (coding === 'identity') return { kind: 'body', body };
      this.#learn(coding, packed, body);
      return reservation.grow(body.length) ? { kind: 'body', body } : { kind: 'no_room' };
    });
  }

  async #unpackLarge(packed: Buffer, coding: ContentCoding, reservation: Reservation): Promise<Unpacked> {
    const unpacked = await unpack(packed, coding, this.#maxBodyBytes, reservation);
    if (unpacked.kind !== 'body') return unpacked;
    this.#learn(coding, packed, unpacked.body);
    await this.#turns.turn(unpacked.body.length);
    return unpacked;
  }

  #learn(coding: ContentCoding, packed: Buffer, body: Buffer): void {
    const factor = Math.min(MOST, body.length / Math.max(1, packed.length));
    this.#factors[coding] += WEIGHT * (factor - this.#factors[coding]);
  }
}
