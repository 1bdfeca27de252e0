// SPDX-License-Identifier: Apache-2.0
import { type Answer, Connection } from './connection.js';

/** Until what was refused is sent again. */
const PAUSE_MILLIS = 100;
/** Connections that one request may need. */
const TRIES = 3;

export type Coding = 'identity' | 'gzip';

export interface Answered {
  readonly status: number;
  /** From the call to the answer. */
  readonly millis: number;
}

/** Sends trace requests and keeps its connections, as exporters do. */
export class Senders {
  readonly #port: number;
  readonly #connections: number;
  readonly #headers: string;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection) => void)[] = [];

  /** @param coding of the bodies */
  constructor(port: number, connections = Number.POSITIVE_INFINITY, coding: Coding = 'identity') {
    this.#port = port;
    this.#connections = connections;
    const type = 'content-type: application/x-protobuf\r\n';
    this.#headers = coding === 'identity' ? type : `${type}content-encoding: ${coding}\r\n`;
  }

  async send(body: Buffer): Promise<Answered> {
    const startedAt = performance.now();
    const { status } = await this.#answer(body, TRIES);
    return { status, millis: performance.now() - startedAt };
  }

  /** A connection may be reset by a system that has to accept too many: as exporters do, it is tried again. */
  async #answer(body: Buffer, tries: number): Promise<Answer> {
    const connection = await this.#connection();
    try {
      const answer = await connection.send('/v1/traces', this.#headers, body);
      this.#giveBack(connection, answer.isLast);
      return answer;
    } catch (error) {
      this.#giveBack(connection, true);
      if (tries === 1) throw error;
      return this.#answer(body, tries - 1);
    }
  }

  /** As exporters do: what is refused for now is sent again. @returns the answer, timed from the first call on */
  async sendUntilTaken(body: Buffer): Promise<Answered> {
    const startedAt = performance.now();
    for (;;) {
      const { status } = await this.send(body);
      if (status === 200) return { status, millis: performance.now() - startedAt };
      if (status !== 503) throw new Error(`a request was answered ${status}`);
      await new Promise(resolve => setTimeout(resolve, PAUSE_MILLIS));
    }
  }

  /** All of them until they are taken, as many at once as there are connections. */
  async sendAll(count: number, make: () => Buffer): Promise<void> {
    let left = count;
    const sender = async () => {
      while (left-- > 0) await this.sendUntilTaken(make());
    };
    await Promise.all(Array.from({ length: Math.min(count, this.#connections) }, sender));
  }

  /** So many a second, however long the answers take. A sender that fell behind catches up at once. */
  async sendPaced(
    { millis, aSecond }: { readonly millis: number; readonly aSecond: number },
    sendOne: () => Promise<Answered>,
  ): Promise<Answered[]> {
    const answers: Promise<Answered>[] = [];
    const startedAt = performance.now();
    const total = Math.ceil((millis * aSecond) / 1_000);
    while (answers.length < total) {
      const due = Math.min(total, ((performance.now() - startedAt) * aSecond) / 1_000);
      while (answers.length < due) answers.push(sendOne());
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    return Promise.all(answers);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  async #connection(): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop())
      if (idle.isOpen) return idle;
    if (this.#all.size >= this.#connections) return new Promise(resolve => this.#waiting.push(resolve));
    return this.#open();
  }

  #giveBack(connection: Connection, isLast: boolean): void {
    if (isLast) {
      connection.close();
      this.#all.delete(connection);
    }
    const next = this.#waiting.shift();
    if (next !== undefined) next(isLast ? this.#open() : connection);
    else if (!isLast) this.#idle.push(connection);
  }

  #open(): Connection {
    const connection = new Connection(this.#port);
    this.#all.add(connection);
    return connection;
  }
}

export function percentile(answers: readonly Answered[], share: number): number {
  const sorted = answers.map(({ millis }) => millis).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
