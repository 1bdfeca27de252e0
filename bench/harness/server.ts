// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { start } from './child.js';

export interface Received {
  readonly requests: number;
  readonly bytes: number;
}

export type LoopbackServer = Awaited<ReturnType<typeof startServer>>;

/**
 * A server in another process, on a free port of 127.0.0.1; it ends with this one.
 *
 * @param answerAfterMillis how long it takes for each answer
 */
export async function startServer(answerAfterMillis = 0) {
  // A proxy of the environment's would come between.
  process.env.NO_PROXY = '127.0.0.1';
  const child = start('harness/loopback-server.ts', [String(answerAfterMillis)]);
  const [port] = (await once(child, 'message')) as [number];
  const received = async (): Promise<Received> => {
    const answer = once(child, 'message');
    child.send('received');
    return (await answer)[0] as Received;
  };
  return {
    url: `http://127.0.0.1:${port}/v1/events`,
    received,
    end: () => child.disconnect(),
    /** What arrived while the work was done. */
    during: async <T>(work: () => Promise<T>): Promise<{ result: T } & Received> => {
      const before = await received();
      const result = await work();
      const after = await received();
      return { result, requests: after.requests - before.requests, bytes: after.bytes - before.bytes };
    },
  };
}
