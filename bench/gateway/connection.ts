// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** Whether the connection ends with it. */
  readonly isLast: boolean;
}

/**
 * A connection with one request at a time. It knows as much of HTTP as the servers of this benchmark say: Node's own
 * client would be busier than a gateway that refuses.
 */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', error => this.#reject?.(error));
    this.#socket.on('close', () => this.#reject?.(new Error('closed before the answer')));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** @param headers a line each, with its end */
  send(path: string, headers: string, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\n${headers}content-length: ${body.length}\r\n\r\n`;
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd).toLowerCase();
    if (!isWhole(head, this.#received.slice(headEnd + 4))) return;
    this.#received = '';
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#reject = undefined;
    resolve?.({ status: Number(head.slice(9, 12)), isLast: head.includes('\r\nconnection: close') });
  }
}

function isWhole(head: string, body: string): boolean {
  if (head.includes('\r\ntransfer-encoding: chunked')) return body.endsWith('0\r\n\r\n');
  return body.length >= Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
}
