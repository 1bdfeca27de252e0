// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which a test writes what no HTTP client would. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #looking = new Set<() => void>();
  /** All that the server has written. */
  text = '';
  isClosed = false;
  error: NodeJS.ErrnoException | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const look = () => {
      for (const resolve of this.#looking) resolve();
      this.#looking.clear();
    };
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.text += chunk;
      look();
    });
    socket.on('error', error => {
      this.error = error;
    });
    socket.on('close', () => {
      this.isClosed = true;
      look();
    });
    this.#look = callback => void this.#looking.add(callback);
  }

  readonly #look: (callback: () => void) => void;

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** Waits until the server has written this. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      if (this.isClosed) throw new Error(`closed without ${pattern}: ${JSON.stringify(this.text)}`);
      await new Promise<void>(resolve => this.#look(resolve));
    }
  }

  /** Waits until the server has closed the connection. @returns all that it wrote */
  async closed(): Promise<string> {
    while (!this.isClosed) await new Promise<void>(resolve => this.#look(resolve));
    return this.text;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** @returns the head and body of a POST */
export function post(path: string, body: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({
    host: 'gateway',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
