// SPDX-License-Identifier: Apache-2.0

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 13;
const LF = 10;
const VERSION = Buffer.from('HTTP/1.');
const STATUS_END = 'HTTP/1.1 200'.length;
const DIGIT_0 = 48;
const SPACE = 32;
/** It ends the answers: what follows is another protocol. */
const SWITCHING_PROTOCOLS = 101;
/** An interim answer that is longer is left to the parser. */
const MOST_INTERIM_BYTES = 16_384;

/** Follows the heads of the answers on one connection, up to that of each final one, and takes interim answers out. */
export class HeadReader {
  #areExpected = false;
  #isFinal = false;
  #heldBack: Buffer | undefined;
  #status: number | undefined;

  /** Whether the head of an answer is still to come, or its end. */
  get areExpected(): boolean {
    return this.#areExpected;
  }

  /** Status of the last final answer, as far as its first line can be read. */
  get status(): number | undefined {
    return this.#status;
  }

  /** A request is written, in one piece or more. @returns whether it is a new one */
  expect(): boolean {
    if (this.#areExpected && !this.#isFinal) return false;
    this.#areExpected = true;
    this.#isFinal = false;
    this.#status = undefined;
    return true;
  }

  /** @returns what is left of it without interim answers; null if there is nothing yet */
  take(chunk: Buffer): Buffer | null {
    let bytes = this.#heldBack === undefined ? chunk : Buffer.concat([this.#heldBack, chunk]);
    this.#heldBack = undefined;
    while (!this.#isFinal) {
      const status = statusOf(bytes);
      if (status === undefined) return this.#holdBack(bytes);
      const end = isInterim(status) ? bytes.indexOf(HEAD_END) : -1;
      if (end >= 0) bytes = bytes.subarray(end + HEAD_END.length);
      else if (isInterim(status) && bytes.length <= MOST_INTERIM_BYTES) return this.#holdBack(bytes);
      else this.#begin(status);
    }
    if (endsWithHead(bytes) || bytes.includes(HEAD_END)) this.#areExpected = false;
    return bytes;
  }

  #begin(status: number): void {
    this.#isFinal = true;
    this.#status = Number.isNaN(status) ? undefined : status;
  }

  #holdBack(bytes: Buffer): null {
    this.#heldBack = bytes;
    return null;
  }
}

/** Reads the status of `HTTP/1.1 200`. @returns undefined if more bytes are needed; NaN if there is none */
function statusOf(bytes: Buffer): number | undefined {
  const { length } = bytes;
  for (let at = 0; at < VERSION.length; at++) {
    if (at === length) return undefined;
    if (bytes[at] !== VERSION[at]) return Number.NaN;
  }
  if (length < STATUS_END) return undefined;
  const isVersion = bytes[VERSION.length + 1] === SPACE && digitAt(bytes, VERSION.length) >= 0;
  return isVersion ? digitAt(bytes, 9) * 100 + digitAt(bytes, 10) * 10 + digitAt(bytes, 11) : Number.NaN;
}

function digitAt(bytes: Buffer, place: number): number {
  const digit = (bytes[place] as number) - DIGIT_0;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== SWITCHING_PROTOCOLS;
}

/** Nearly always so, and cheaper to find out than where it ends. */
function endsWithHead(bytes: Buffer): boolean {
  const { length } = bytes;
  return (
    bytes[length - 1] === LF &&
    bytes[length - 2] === CR &&
    bytes[length - 3] === LF &&
    bytes[length - 4] === CR
  );
}
