// SPDX-License-Identifier: Apache-2.0
//
// The main thread of worker threads.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import { environmentWith } from '../local-endpoint.js';
import type { Crew, Visit } from './crew.js';

const THREAD = fileURLToPath(new URL('./worker-thread.ts', import.meta.url));

export function threadCrew(eventsEndpoint: string, storeDirectory: string): Crew {
  const threads = new Map<string, Worker>();
  let started = 0;
  let visits = 0;

  return {
    title: 'worker_threads',

    async start() {
      const name = `thread ${++started}`;
      const thread = startThread(THREAD, {
        env: environmentWith(eventsEndpoint),
        workerData: { name, storeDirectory },
      });
      threads.set(name, thread);
      thread.once('exit', () => threads.delete(name));
      await once(thread, 'message');
      return name;
    },

    async visit(visitorId) {
      const crew = [...threads.values()];
      const thread = crew[visits++ % crew.length];
      thread?.postMessage({ visitor: visitorId });
      const [visit] = thread === undefined ? [] : await once(thread, 'message');
      return visit as Visit;
    },

    flush: name => threads.get(name)?.postMessage('flush'),

    async kill(name) {
      await threads.get(name)?.terminate();
    },

    async end() {
      const ending = [...threads].map(async ([name, thread]): Promise<[string, LedgerSnapshot]> => {
        const exited = once(thread, 'exit');
        thread.postMessage('shutdown');
        const [{ ledger }] = await once(thread, 'message');
        await exited;
        return [name, ledger];
      });
      return new Map(await Promise.all(ending));
    },
  };
}

/** Of JavaScript just `new Worker(path, options)`: tsx does not reach into the threads of Node 20 by itself. */
function startThread(path: string, options: { env: NodeJS.ProcessEnv; workerData: unknown }): Worker {
  const [tsx, script] = [import.meta.resolve('tsx/esm/api'), path].map(part => JSON.stringify(part));
  const start = `import(${tsx}).then(tsx => { tsx.register(); return import(${script}); })`;
  return new Worker(start, { ...options, eval: true });
}
