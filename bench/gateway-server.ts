// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startGateway } from 'optimizely-event-gateway';
import { decodeExport } from '../packages/gateway/src/otlp/decode.js';
import { eventNames } from '../packages/gateway/src/otlp/event-names.js';
import { send } from './child.js';

// A process of its own: `gateway`, `gateway-with-store`, or `floor`, which reads the same requests with the same code and
// answers 200. It tells its port, and for each message what it has spent and holds.
const [kind, endpoint] = process.argv.slice(2);
const datafile = fileURLToPath(new URL('../packages/gateway/test/senders/datafile.json', import.meta.url));
const store = kind === 'gateway-with-store' ? mkdtempSync(join(tmpdir(), 'bench-gateway-')) : undefined;

async function listen(): Promise<number> {
  if (kind !== 'floor') {
    const { address } = await startGateway({
      datafile,
      endpoint,
      port: 0,
      logLevel: 'silent',
      ...(store !== undefined && { store }),
    });
    return address.port;
  }
  const names = eventNames(false);
  const server = createServer(async (request, response) => {
    decodeExport('traces', 'protobuf', await buffer(request), names);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

await send(await listen());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  void send({ cpuMicros: user + system, rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => {
  if (store !== undefined) rmSync(store, { recursive: true, force: true });
  process.exit();
});
