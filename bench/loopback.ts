// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { Agent, request } from 'undici';
import { nanosEach } from './compare.js';
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import type { Row, Size } from './row.js';
import { type LoopbackServer, type Received, startServer } from './server.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from './workload.js';

const ROUNDS = 10;
/** The processor's default `maxConcurrentRequests`. */
const CONCURRENCY = 4;

/**
 * Against bare undici, which posts the very bodies that our side sends, made in advance, with as many requests at once
 * and as many connections. 200,000 events a row in all. Where recording is timed too, our side does what the peer has
 * no part in; the rows of events recorded before compare delivery with delivery.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 200_000 / ROUNDS;
  let server: ReturnType<typeof startServer> | undefined;
  const sharedServer = () => {
    server ??= startServer();
    return server;
  };
  return [true, false].flatMap(recording =>
    [10, 100, 1_000].map(
      (batchSize): Row => ({
        name: `loopback HTTP, ${recording ? 'record and deliver' : 'deliver only'}, batches of ${batchSize}`,
        peer: 'bare undici, same bodies',
        unit: 'ns',
        target: { atLeast: 0.9 },
        rounds: ROUNDS,
        warmUps: 1,
        open: async () => open(await sharedServer(), count, batchSize, recording),
      }),
    ),
  );
}

async function open(server: LoopbackServer, count: number, batchSize: number, recording: boolean) {
  const events = inputs(count, makeConversion);
  const bodies = await bodiesOf(events, batchSize);
  const bytes = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0);
  const requireAll = ({ result, ...received }: { result: number } & Received) => {
    if (received.requests !== bodies.length || received.bytes !== bytes) {
      throw new Error(`${bodies.length} bodies of ${bytes} bytes: ${JSON.stringify(received)} arrived`);
    }
    return result;
  };
  const eventDispatcher = new UndiciEventDispatcher();
  const agent = new Agent({ connections: 64, pipelining: 1 });
  return {
    ours: async () => {
      // A processor a round, as one that was started can't hold events back again; connections outlive it.
      const processor = makeProcessor({
        batchSize,
        eventDispatcher,
        endpoint: server.url,
        maxQueueSize: 1_000_000,
        timeoutIntervalMillis: 60_000,
        startOnInit: recording,
      });
      const record = () => inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
      if (!recording) await record();
      const figure = await server.during(() =>
        nanosEach(count, async () => {
          if (recording) await record();
          else processor.start();
          await deliverAll(processor);
        }),
      );
      await processor.shutdown();
      return requireAll(figure);
    },
    theirs: async () =>
      requireAll(await server.during(() => nanosEach(count, () => post(bodies, server.url, agent)))),
    close: async () => {
      await Promise.all([eventDispatcher.close(), agent.destroy()]);
    },
  };
}

async function bodiesOf(events: readonly ConversionInput[], batchSize: number): Promise<string[]> {
  const bodies: string[] = [];
  const processor = makeProcessor({
    batchSize,
    eventDispatcher: {
      dispatchEvent: async ({ body }: { readonly body: string }) => {
        // Written out and read again: flat, as a string that was made in advance is.
        bodies.push(Buffer.from(body).toString());
        return { statusCode: 204 };
      },
    },
  });
  await inTurns(events.length, n => processor.recordConversion(events[n] as ConversionInput));
  await deliverAll(processor);
  await processor.shutdown();
  return bodies;
}

async function post(bodies: readonly string[], url: string, dispatcher: Agent): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  let next = 0;
  const sender = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const response = await request(url, { method: 'POST', headers, body, dispatcher });
      await response.body.dump();
      if (response.statusCode !== 204) throw new Error(`status ${response.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sender));
}
