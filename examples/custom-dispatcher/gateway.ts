// SPDX-License-Identifier: Apache-2.0
//
// Stands for the company's gateway: passes requests with the right token on. Nothing to copy.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** Statuses, in the order in which they were answered. */
  readonly answers: readonly number[];
}

/** @param outage how many requests it answers 503 to, before it works */
export async function startGateway(token: string, outage: number): Promise<Gateway> {
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.headers.authorization !== `Bearer ${token}`) response.statusCode = 401;
    else if (answers.length < outage) response.writeHead(503, { 'retry-after': '0' });
    else {
      const headers = { 'content-type': 'application/json' };
      const url = String(request.headers['x-forward-to']);
      response.statusCode = (await fetch(url, { method: 'POST', headers, body })).status;
    }
    answers.push(response.statusCode);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answers,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
