// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { DoorAnswer } from '../model/door.js';
import type { Runtime } from '../model/runtime.js';

/** A sender that is still writing gets so much time, and so many bytes, to read that it was refused. */
const LINGER_MILLIS = 2_000;
const LINGER_BYTES = 1_048_576;

/** Connections whose last answer was given. */
const ending = new WeakSet<Socket>();

/** Whether the connection closes, so that requests which were sent behind the last one are not taken. */
export function isEnding(socket: Socket): boolean {
  return ending.has(socket);
}

export function markEnding(socket: Socket): void {
  ending.add(socket);
}

/** One request and its one answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #runtime: Runtime;
  #awaitsContinue: boolean;
  #answered = false;
  #closes = false;

  /** @param awaitsContinue whether the sender waits with the body until it is asked for it */
  constructor(request: IncomingMessage, response: ServerResponse, runtime: Runtime, awaitsContinue: boolean) {
    this.request = request;
    this.response = response;
    this.#runtime = runtime;
    this.#awaitsContinue = awaitsContinue;
    // A sender that goes away while it is answered.
    response.on('error', () => {});
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  /** What follows on the connection is of no use, so that nothing is waited for once this has been answered. */
  closeAfterAnswer(): void {
    this.#closes = true;
  }

  askForBody(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.response.writeContinue();
  }

  /** Answers. A second answer is dropped: the time limit of a body may have given the first. */
  answer({ status, headers, body = '' }: DoorAnswer, connection: 'keep' | 'close'): void {
    const response = this.response;
    if (this.#answered || response.destroyed) return;
    this.#answered = true;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    // A body that was not asked for yet will not come.
    const closes = connection === 'close' || this.#closes || this.#awaitsContinue;
    response.writeHead(status, {
      ...headers,
      ...(status !== 204 && { 'content-length': bytes.length }),
      ...(closes && { connection: 'close' }),
    });
    const isBare = bytes.length === 0 || this.request.method === 'HEAD' || status === 204;
    const shown = isBare ? undefined : bytes;
    if (closes) markEnding(this.request.socket);
    if (!closes || this.#closes || this.request.complete || this.#awaitsContinue) response.end(shown);
    else this.#linger(shown);
  }

  /**
   * The answer is written whole, but the connection is closed only once the sender has ended its request, or has had
   * its chance. Closing it with bytes unread resets it, and the sender would see the reset in place of the answer.
   */
  #linger(body: Buffer | undefined): void {
    const { request } = this;
    const response = this.response;
    if (body === undefined) response.flushHeaders();
    else response.write(body);
    let left = LINGER_BYTES;
    const timer = this.#runtime.setTimer(() => response.destroy(), LINGER_MILLIS);
    const finish = () => {
      timer.clear();
      response.end();
    };
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) finish();
    });
    request.once('end', finish);
    request.once('close', () => timer.clear());
    request.resume();
  }
}
