// SPDX-License-Identifier: Apache-2.0
import * as official from '@optimizely/optimizely-sdk';
import { UndiciEventDispatcher } from 'opentelemetry-exporter-optimizely';
import { Agent, type Dispatcher } from 'undici';
import { cpuNanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import { type LoopbackServer, type Received, startServer } from './harness/server.js';
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { type ConversionInput, DATAFILE, inputs, inTurns, makeConversion } from './workload.js';

const ROUNDS = 10;
/** Each round has a processor of its own, and V8 optimizes for the first ones over and over, as in no service. */
const DELIVERY_WARM_UPS = 8;
/** Several young collections a round, on both sides: with one of them at most, it was chance which side had it. */
const EVENTS_A_DELIVERY = 60_000;
/** The processor's default `maxConcurrentRequests`. */
const CONCURRENCY = 4;

/**
 * CPU time, whatever the clock. Bodies that are ready: bare undici dispatches the very bodies that our side makes and
 * sends, with as many requests at once and as many connections; our events were recorded before, and are in V8's old space
 * as those bodies are. Record and deliver, by
 * default settings: Optimizely's SDK with the dispatcher that it brings.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 200_000 / ROUNDS;
  let server: ReturnType<typeof startServer> | undefined;
  const sharedServer = () => {
    server ??= startServer();
    return server;
  };
  const common = { unit: 'ns', rounds: ROUNDS, warmUps: 2 } as const;
  return [
    ...[10, 100, 1_000].map(
      (batchSize): Row => ({
        ...common,
        rounds: 15,
        warmUps: DELIVERY_WARM_UPS,
        name: `loopback HTTP, deliver only, batches of ${batchSize}`,
        peer: "bare undici's dispatch, same bodies",
        ...(batchSize === 10 && { target: { atMost: 1.3 } }),
        open: async () => open(await sharedServer(), short ? count : EVENTS_A_DELIVERY, batchSize),
      }),
    ),
    {
      ...common,
      name: 'loopback HTTP, record and deliver, defaults',
      peer: 'official SDK and its dispatcher',
      target: { atLeast: 4.5 },
      open: async () => openDefaults(await sharedServer(), count),
    },
  ];
}

async function openDefaults(server: LoopbackServer, count: number) {
  const events = inputs(count, makeConversion);
  const processor = makeProcessor({
    endpoint: server.url,
    maxQueueSize: 1_000_000,
    timeoutIntervalMillis: 60_000,
  });
  let arrived = 0;
  let onArrival = () => {};
  const client = official.createInstance({
    projectConfigManager: official.createStaticProjectConfigManager({ datafile: DATAFILE }),
    eventProcessor: official.createBatchEventProcessor({
      flushInterval: 3_600_000,
      eventDispatcher: {
        async dispatchEvent(event) {
          const response = await official.eventDispatcher.dispatchEvent({ ...event, url: server.url });
          arrived += event.params.visitors.length;
          onArrival();
          return response;
        },
      },
    }),
  });
  await client.onReady();
  return {
    ours: () =>
      cpuNanosEach(count, async () => {
        await inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
        await deliverAll(processor);
      }),
    theirs: () =>
      cpuNanosEach(count, async () => {
        arrived = 0;
        const done = new Promise<void>(resolve => {
          onArrival = () => {
            if (arrived === count) resolve();
          };
        });
        await inTurns(count, n => {
          const { userId, attributes, eventKey, tags } = events[n] as ConversionInput;
          client.createUserContext(userId, attributes)?.trackEvent(eventKey, tags);
        });
        await done;
      }),
    close: () => processor.shutdown(),
  };
}

async function open(server: LoopbackServer, count: number, batchSize: number) {
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
        startOnInit: false,
      });
      const record = () => inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
      await record();
      settleInOldSpace();
      const figure = await server.during(() =>
        cpuNanosEach(count, async () => {
          processor.start();
          await deliverAll(processor);
        }),
      );
      await processor.shutdown();
      return requireAll(figure);
    },
    theirs: async () =>
      requireAll(await server.during(() => cpuNanosEach(count, () => post(bodies, server.url, agent)))),
    close: async () => {
      await Promise.all([eventDispatcher.close(), agent.destroy()]);
    },
  };
}

/**
 * The peer's bodies were made long ago. Without this, a young collection that falls into the measurement copies what was
 * recorded before it.
 */
function settleInOldSpace(): void {
  for (let n = 0; n < 2; n++) globalThis.gc?.({ type: 'minor' });
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

function post(bodies: readonly string[], url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => new Posting(bodies, url, agent, resolve, reject).begin());
}

/**
 * One handler for all requests, of a class, whose methods are made once: the loader that compiles these files names each
 * function anew wherever it is made, which no application pays for.
 */
class Posting implements Dispatcher.DispatchHandler {
  readonly #bodies: readonly string[];
  readonly #agent: Agent;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #origin: string;
  readonly #path: string;
  readonly #headers = { 'Content-Type': 'application/json' };
  #next = 0;
  #left: number;

  constructor(
    bodies: readonly string[],
    url: string,
    agent: Agent,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    const { origin, pathname } = new URL(url);
    this.#bodies = bodies;
    this.#agent = agent;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#origin = origin;
    this.#path = pathname;
    this.#left = bodies.length;
  }

  begin(): void {
    for (let n = 0; n < CONCURRENCY; n++) this.#send();
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode !== 204) this.#reject(new Error(`status ${statusCode}`));
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    if (--this.#left === 0) this.#resolve();
    else this.#send();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }

  #send(): void {
    const body = this.#bodies[this.#next++];
    if (body === undefined) return;
    this.#agent.dispatch(
      { origin: this.#origin, path: this.#path, method: 'POST', headers: this.#headers, body },
      this,
    );
  }
}
