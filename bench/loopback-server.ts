// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send } from './child.js';

/** The least a server can do: reads each request to its end, answers 204, and counts. A process of its own. */
const received = { requests: 0, bytes: 0 };
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    received.bytes += chunk.length;
  });
  request.on('end', () => {
    received.requests++;
    response.writeHead(204).end();
  });
});
// Longer than the pause between two rounds: no connection is closed under a client's hands.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => void send((server.address() as AddressInfo).port));
process.on('message', () => void send(received));
process.on('disconnect', () => process.exit());
