// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { start } from './harness/child.js';
import type { Row, Size } from './harness/row.js';
import { InspectorTraffic } from './inspector/traffic.js';

const OVERVIEW_MILLIS = 400;
const ROWS_MILLIS = 150;

/**
 * The event inspector in a process of its own that keeps 500,000 events. A page is a client that does what the page does:
 * it listens to the stream, and asks for figures and rows whenever something has changed.
 */
export function rows({ short }: Size): Row[] {
  const events = short ? 2_000 : 500_000;
  const posts = short ? 20 : 1_000;
  const at = `at ${events.toLocaleString('en')} events`;
  const shared: { inspector?: Promise<Inspector> } = {};
  const open = () => {
    shared.inspector ??= openInspector(events);
    return shared.inspector;
  };
  return [
    {
      name: `p50 of a POST to the inspector ${at}, a page open`,
      peer: 'no page open',
      unit: 'ms',
      target: { atMost: 1.2 },
      rounds: 5,
      warmUps: 1,
      open: async () => {
        const inspector = await open();
        return {
          ours: () => inspector.withPage(() => inspector.postMedian(posts)),
          theirs: () => inspector.postMedian(posts),
        };
      },
    },
    {
      name: `from a POST to its figures in the page ${at}`,
      peer: 'a second',
      unit: 'ms',
      target: { atMost: 1 },
      rounds: 5,
      warmUps: 1,
      open: async () => {
        const inspector = await open();
        return { ours: () => inspector.withPage(page => inspector.latestShown(page)), theirs: () => 1_000 };
      },
    },
    {
      name: `memory of an event in the inspector, beside its payload, ${at}`,
      peer: '1 kB',
      unit: 'bytes',
      target: { atMost: 1 },
      rounds: 1,
      warmUps: 0,
      open: async () => {
        const inspector = await open();
        return {
          ours: () => inspector.bytesAnEvent(),
          theirs: () => 1_000,
          close: () => inspector.end(),
        };
      },
    },
  ];
}

type Inspector = Awaited<ReturnType<typeof openInspector>>;

async function openInspector(events: number) {
  const child = start('inspector/child.ts');
  const [port] = (await once(child, 'message')) as [number];
  const client = new Client(port);
  const before = await held(child);
  const traffic = new InspectorTraffic();
  let sent = 0;
  for (; sent < events; sent += 50) await client.post(traffic.next());
  const after = await held(child);
  if (after.events !== sent) throw new Error(`${after.events} of ${sent} events are kept`);
  return {
    withPage: async <T>(work: (page: Page) => Promise<T>): Promise<T> => {
      const page = new Page(client);
      await page.shown(0);
      try {
        return await work(page);
      } finally {
        page.close();
      }
    },
    postMedian: async (posts: number) => {
      const times: number[] = [];
      for (let post = 0; post < posts; post++) {
        const body = traffic.next(10);
        sent += 10;
        const startedAt = performance.now();
        await client.post(body);
        times.push(performance.now() - startedAt);
      }
      return median(times);
    },
    latestShown: async (page: Page) => {
      const times: number[] = [];
      for (let post = 0; post < 5; post++) {
        sent += 10;
        const startedAt = performance.now();
        await client.post(traffic.next(10));
        await page.shown(sent);
        times.push(performance.now() - startedAt);
      }
      return Math.max(...times);
    },
    bytesAnEvent: () => (after.bytes - before.bytes - after.bodies) / after.events,
    end: () => {
      client.close();
      child.disconnect();
    },
  };
}

interface Held {
  readonly bytes: number;
  readonly bodies: number;
  readonly events: number;
}

async function held(child: ChildProcess): Promise<Held> {
  child.send('held');
  const [answer] = (await once(child, 'message')) as [Held];
  return answer;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async post(body: string): Promise<void> {
    const { status } = await this.#ask('POST', '/v1/events', body);
    if (status !== 204) throw new Error(`answered ${status}`);
  }

  async get(path: string): Promise<string> {
    return (await this.#ask('GET', path)).text;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, path: string, body?: string) {
    const sent = request({ port: this.port, host: '127.0.0.1', method, path, agent: this.#agent });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
    response.setEncoding('utf8');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, text };
  }
}

/** Asks for what the page asks for, as often as it does, and knows which events its figures have. */
class Page {
  readonly #client: Client;
  readonly #stream;
  readonly #waiting = new Set<{ readonly events: number; readonly resolve: () => void }>();
  readonly #timers = new Map<string, NodeJS.Timeout | undefined>();
  #shown = -1;

  constructor(client: Client) {
    this.#client = client;
    this.#stream = request({ port: client.port, host: '127.0.0.1', path: '/api/stream', agent: false });
    this.#stream.on('error', () => {});
    this.#stream.on('response', response => {
      response.on('error', () => {});
      response.on('data', (chunk: Buffer) => {
        if (!chunk.includes('"version"')) return;
        this.#soon('overview', OVERVIEW_MILLIS, () => this.#look());
        this.#soon('rows', ROWS_MILLIS, () => this.#client.get('/api/rows?from=0&count=120'));
      });
    });
    this.#stream.end();
  }

  /** Resolves when the figures have so many events. */
  shown(events: number): Promise<void> {
    if (this.#shown >= events) return Promise.resolve();
    return new Promise(resolve => this.#waiting.add({ events, resolve }));
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#stream.destroy();
  }

  async #look(): Promise<void> {
    const { tick } = JSON.parse(await this.#client.get('/api/overview')) as { tick: { events: number } };
    this.#shown = tick.events;
    for (const waiting of this.#waiting) {
      if (waiting.events > this.#shown) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #soon(name: string, millis: number, work: () => Promise<unknown>): void {
    if (this.#timers.has(name)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      void work().catch(() => {});
    }, millis);
    this.#timers.set(name, timer);
  }
}
