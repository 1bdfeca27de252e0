// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  type LocalEventsEndpoint,
  type ReceivedEvent,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';

const DATAFILE = new URL('../../packages/inspector/sample/sample.json', import.meta.url);

/** On one loopback port: Optimizely's CDN with the sample datafile, its Events API, and a collector of traces. */
export class StandIn {
  readonly #server: Server;
  readonly #endpoint: LocalEventsEndpoint;
  readonly #datafile: string;
  /** Of each request with events, whom it was meant for. */
  readonly eventHosts: (string | undefined)[] = [];

  static async start(): Promise<StandIn> {
    const datafile = await readFile(DATAFILE, 'utf8');
    const standIn = new StandIn(datafile, await startLocalEventsEndpoint({ datafile }));
    standIn.#server.listen(0, '127.0.0.1');
    await once(standIn.#server, 'listening');
    return standIn;
  }

  private constructor(datafile: string, endpoint: LocalEventsEndpoint) {
    this.#datafile = datafile;
    this.#endpoint = endpoint;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get events(): ReceivedEvent[] {
    return this.#endpoint.batches.flatMap(batch => [...batch.events]);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#endpoint.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    if (request.url?.startsWith('/datafiles/')) {
      response.end(this.#datafile);
    } else if (request.url === '/v1/events') {
      this.eventHosts.push(request.headers.host);
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(this.#endpoint.url, { method: 'POST', headers, body });
      response.writeHead(status).end();
    } else {
      response.end();
    }
  }
}
