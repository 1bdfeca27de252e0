// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send } from './child.js';

/**
 * The least a server can do: reads each request to its end, answers 204, after as many milliseconds as it was told, and
 * counts. A process of its own.
 */
const answerAfterMillis = Number(process.argv[2] ?? 0);
const received = { requests: 0, bytes: 0 };
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    received.bytes += chunk.length;
  });
  request.on('end', () => {
    received.requests++;
    const answer = () => response.writeHead(204).end();
    if (answerAfterMillis > 0) setTimeout(answer, answerAfterMillis);
    else answer();
  });
});
// Longer than the pause between two rounds: no connection is closed under a client's hands.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => void send((server.address() as AddressInfo).port));
process.on('message', () => void send(received));
process.on('disconnect', () => process.exit());
