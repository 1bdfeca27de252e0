// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';
import { uuidsIn } from '../support/fakes.js';
import { closeServer, openOnLoopback } from '../support/loopback.js';

interface Request {
  /** The worker's name. */
  readonly from: string;
  /** Of the connection that it came over, at the worker's end. */
  readonly port: number | undefined;
  readonly uuids: readonly string[];
}

/** An Events endpoint that tells workers and connections apart, and answers whom a test wants. */
export class EventsServer {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #waiting = new Set<() => void>();
  /** Answered with a 204. */
  readonly accepted: Request[] = [];
  /** Not answered at all. */
  readonly ignored: Request[] = [];
  /** Names of workers that get no answer. */
  readonly ignores = new Set<string>();
  connections = 0;
  url = '';

  async open(): Promise<this> {
    this.#server.on('connection', () => this.connections++);
    this.url = `${await openOnLoopback(this.#server)}/v1/events`;
    return this;
  }

  get uuids(): string[] {
    return this.accepted.flatMap(({ uuids }) => uuids);
  }

  acceptedFrom(name: string): string[] {
    return this.accepted.filter(({ from }) => from === name).flatMap(({ uuids }) => uuids);
  }

  portsOf(name: string): (number | undefined)[] {
    return this.accepted.filter(({ from }) => from === name).map(({ port }) => port);
  }

  /** Waits until something is so that requests bring about. */
  async reaches(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = String(message.headers['x-worker']);
    const uuids = uuidsIn([(await json(message)) as EventBatchParams]);
    const request = { from, port: message.socket.remotePort, uuids };
    if (this.ignores.has(from)) this.ignored.push(request);
    else {
      this.accepted.push(request);
      response.writeHead(204).end();
    }
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
