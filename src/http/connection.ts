// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
/** `HTTP/1.1 1`: an interim answer, but for a switch of protocols, which would be the last one. */
const INTERIM = /^HTTP\/1\.\d 1(?!01)/;
const INTERIM_BYTES = 12;
/** An interim answer that is longer is left to undici. */
const MOST_INTERIM_BYTES = 16_384;

const tended = new WeakSet<Socket>();

/**
 * Does for a connection of undici's what undici leaves undone: interim answers are skipped (undici ends a connection that
 * brings a `100 Continue`), and the process is kept alive from a request to the head of its answer, not to the end of its
 * body, or not at all.
 */
export function tend(socket: Socket, keepsProcess: boolean): void {
  if (tended.has(socket)) return;
  tended.add(socket);
  const { read, write, ref } = socket;
  const heads = new HeadReader();

  if (!keepsProcess) {
    socket.unref();
    socket.ref = () => socket;
  }
  socket.write = ((...args: Parameters<Socket['write']>) => {
    if (heads.expect() && keepsProcess) ref.call(socket);
    return write.apply(socket, args);
  }) as Socket['write'];
  socket.read = size => {
    const chunk = read.call(socket, size) as Buffer | null;
    if (chunk === null || !heads.areExpected) return chunk;
    const rest = heads.take(chunk);
    if (!heads.areExpected && keepsProcess) socket.unref();
    return rest;
  };
}

/** Follows the heads of answers up to that of the final one. */
class HeadReader {
  areExpected = false;
  #heldBack: Buffer | undefined;
  #isFinal = false;

  /** A request is written, in one piece or more. @returns whether it is a new one */
  expect(): boolean {
    if (this.areExpected && !this.#isFinal) return false;
    this.areExpected = true;
    this.#isFinal = false;
    return true;
  }

  /** @returns what is left of it without interim answers; null: nothing yet */
  take(chunk: Buffer): Buffer | null {
    let bytes = this.#heldBack === undefined ? chunk : Buffer.concat([this.#heldBack, chunk]);
    this.#heldBack = undefined;
    while (!this.#isFinal) {
      if (bytes.length < INTERIM_BYTES) return this.#holdBack(bytes);
      if (!INTERIM.test(bytes.toString('latin1', 0, INTERIM_BYTES))) {
        this.#isFinal = true;
        break;
      }
      const end = bytes.indexOf(HEAD_END);
      if (end < 0 && bytes.length > MOST_INTERIM_BYTES) this.#isFinal = true;
      else if (end < 0) return this.#holdBack(bytes);
      else bytes = bytes.subarray(end + HEAD_END.length);
    }
    if (bytes.includes(HEAD_END)) this.areExpected = false;
    return bytes;
  }

  #holdBack(bytes: Buffer): null {
    if (bytes.length > 0) this.#heldBack = bytes;
    return null;
  }
}
