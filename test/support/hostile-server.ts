// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeServer, openOnLoopback } from './loopback.js';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly remotePort: number | undefined;
}

/** What to do with one request. */
export type Behavior = (response: ServerResponse, request: SeenRequest) => void;

export const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Behavior =>
  response =>
    void response.writeHead(status, headers).end(body);
export const hang: Behavior = () => {};
export const reset: Behavior = response => void (response.socket as Socket).resetAndDestroy();
export const hangUp: Behavior = response => void response.socket?.destroy();

/** A loopback server that behaves as the test says, request by request. */
export async function startServer(behave: (index: number) => Behavior = () => answer(204)) {
  const requests: SeenRequest[] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      remotePort: request.socket.remotePort,
    };
    requests.push(seen);
    behave(requests.length - 1)(response, seen);
    for (const waiter of waiters) if (requests.length >= waiter.count) waiter.resolve();
  });
  const origin = await openOnLoopback(server);
  return {
    requests,
    origin,
    url: `${origin}/v1/events`,
    /** Resolves when `count` requests have come. */
    received: (count: number) =>
      new Promise<void>(resolve => {
        if (requests.length >= count) resolve();
        else waiters.push({ count, resolve });
      }),
    close: () => closeServer(server),
  };
}
