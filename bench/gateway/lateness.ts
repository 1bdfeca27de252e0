// SPDX-License-Identifier: Apache-2.0
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * How late a server is, in CPU time of its process, which is what the time would be if it had a core of its own: what its
 * senders see is also their own lateness, and that of all else on the machine. What it can't see is how long a connection
 * waits until it is accepted.
 */
export class Lateness {
  readonly #startedAt = new WeakMap<IncomingMessage, number>();
  #turnedAt = cpuMillis();
  #slowest = 0;
  #longest = 0;

  constructor() {
    subscribe('http.server.request.start', message => {
      // As of the turn: to ask for each request would make the server half as fast.
      this.#startedAt.set((message as Exchange).request, this.#turnedAt);
    });
    subscribe('http.server.response.finish', message => {
      const { request, response } = message as Exchange;
      const startedAt = this.#startedAt.get(request);
      if (response.statusCode !== 503 || startedAt === undefined) return;
      this.#slowest = Math.max(this.#slowest, this.#turnedAt - startedAt);
    });
    setInterval(() => this.#turn(), 1).unref();
  }

  /** The slowest answer 503, from the turn in which the head of its request came to its own, milliseconds. */
  get slowestRefusalMillis(): number {
    return this.#slowest;
  }

  /** The longest turn of the event loop, milliseconds. */
  get longestTurnMillis(): number {
    return this.#longest;
  }

  reset(): void {
    this.#slowest = 0;
    this.#longest = 0;
    this.#turnedAt = cpuMillis();
  }

  #turn(): void {
    const now = cpuMillis();
    this.#longest = Math.max(this.#longest, now - this.#turnedAt);
    this.#turnedAt = now;
  }
}

function cpuMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
