// SPDX-License-Identifier: Apache-2.0
//
// The primary of node:cluster.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import { environmentWith } from '../local-endpoint.js';
import type { Crew, Visit } from './crew.js';

export function clusterCrew(eventsEndpoint: string, storeDirectory: string): Crew {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker-process.ts', import.meta.url)),
    args: [storeDirectory],
  });
  const workers = new Map<string, Worker>();
  let port = 0;

  return {
    title: 'node:cluster',

    async start() {
      const worker = cluster.fork(environmentWith(eventsEndpoint));
      const name = `worker ${worker.id}`;
      workers.set(name, worker);
      worker.once('exit', () => workers.delete(name));
      const [address] = await once(worker, 'listening');
      port = address.port;
      return name;
    },

    async visit(visitorId) {
      const response = await fetch(`http://127.0.0.1:${port}/checkout?visitor=${visitorId}`);
      return (await response.json()) as Visit;
    },

    flush: name => void workers.get(name)?.send('flush'),

    async kill(name) {
      const worker = workers.get(name);
      if (worker === undefined) return;
      worker.process.kill('SIGKILL');
      await once(worker, 'exit');
    },

    async end() {
      const ending = [...workers].map(async ([name, worker]): Promise<[string, LedgerSnapshot]> => {
        const exited = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        const [{ ledger }] = await once(worker, 'message');
        await exited;
        return [name, ledger];
      });
      return new Map(await Promise.all(ending));
    },
  };
}
