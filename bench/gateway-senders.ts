// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:http';

/** Until what was refused is sent again. */
const PAUSE_MILLIS = 100;

export interface Answered {
  readonly status: number;
  /** From the call to the answer's headers. */
  readonly millis: number;
}

/** Sends trace requests and keeps its connections, as exporters do. */
export class Senders {
  readonly #agent: Agent;
  readonly #port: number;
  readonly #connections: number;

  constructor(port: number, connections = Number.POSITIVE_INFINITY) {
    this.#port = port;
    this.#connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  }

  send(body: Buffer): Promise<Answered> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path: '/v1/traces',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
        },
        response => {
          const millis = performance.now() - startedAt;
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode ?? 0, millis }));
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
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
    this.#agent.destroy();
  }
}

export function percentile(answers: readonly Answered[], share: number): number {
  const sorted = answers.map(({ millis }) => millis).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
