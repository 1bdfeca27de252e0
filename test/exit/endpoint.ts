// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';
import { uuidsIn } from '../support/fakes.js';
import { closeServer, openOnLoopback } from '../support/loopback.js';

export interface EndpointAnswer {
  status: number;
  headers?: Record<string, string>;
}

/** An Events endpoint on the loopback interface that answers when and what a test says. */
export class Endpoint {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #waiting = new Set<() => void>();
  #gate: Promise<void> = Promise.resolve();
  /** uuids that arrived and were answered with a 2xx. */
  readonly uuids: string[] = [];
  requests = 0;
  url = '';
  /** Connections that are open. */
  readonly connections = new Set<Socket>();
  answer: (request: number) => EndpointAnswer = () => ({ status: 204 });

  async open(): Promise<this> {
    // An idle connection outlives every test: what waits for its end is seen to hang.
    this.#server.keepAliveTimeout = 600_000;
    this.#server.on('connection', socket => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
    });
    this.url = `${await openOnLoopback(this.#server)}/v1/events`;
    return this;
  }

  /** Answers nobody from now on. @returns answers everybody again */
  hold(): () => void {
    let release: () => void = () => {};
    this.#gate = new Promise(resolve => {
      release = resolve;
    });
    return release;
  }

  /** Waits until so many requests came in. */
  async requested(count: number): Promise<void> {
    while (this.requests < count) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    try {
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
    } catch {
      // The other side gave up.
      return;
    }
    const { status, headers } = this.answer(++this.requests);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    await this.#gate;
    if (status < 300) this.uuids.push(...uuidsIn([JSON.parse(body) as EventBatchParams]));
    response.writeHead(status, headers).end();
  }
}
