// SPDX-License-Identifier: Apache-2.0
//
// One worker of node:cluster: serves the shop on the port that all of them share.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { shutdownOnSignals } from 'opentelemetry-exporter-optimizely';
import { startService } from './service.js';

const name = `worker ${cluster.worker?.id}`;
const { optimizely, provider, visit } = startService(name, process.argv[2] ?? '');

const server = createServer((request, response) => {
  const visitorId = new URL(request.url ?? '/', 'http://shop').searchParams.get('visitor') ?? '';
  // Without keep-alive, so that each visitor is served by the worker whose turn it is.
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ uuid: visit(visitorId), by: name }));
});
server.listen(0, '127.0.0.1');

// Each worker shuts its own processor down, at the SIGTERM that it gets from the primary or from whoever stops all of them.
shutdownOnSignals({
  async shutdown() {
    await provider.shutdown();
    await new Promise(sent => process.send?.({ ledger: optimizely.ledger() }, undefined, undefined, sent));
  },
});

process.on('message', message => {
  if (message === 'flush') void optimizely.forceFlush();
});
