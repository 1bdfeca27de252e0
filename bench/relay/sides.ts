// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { NatsServer } from '../../packages/gateway/test/support/nats-server.js';
import { start } from '../harness/child.js';
import type { AppFigures } from './app.js';
import type { BareFigures } from './bare.js';
import type { GatewayFigures } from './gateway.js';

const SUBJECT = 'optimizely.events';
const LOOK_MILLIS = 5;
/** Of the system's clock, by which it counts what processes spend. */
const TICK_NANOS = 10_000_000;

/** What a round costs for each event, nanoseconds. */
export interface Cost {
  readonly time: number;
  /** Of all processes that are measured. */
  readonly cpu: number;
}

/** A process of this directory that answers each message with its figures. */
class Process<T extends { readonly cpuMicros: number }> {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start<T extends { readonly cpuMicros: number }>(file: string, args: readonly string[]) {
    const child = start(file, args);
    await once(child, 'message');
    return new Process<T>(child);
  }

  async ask(task: string | object): Promise<T> {
    this.#child.send(task);
    const [figures] = (await once(this.#child, 'message')) as [T];
    return figures;
  }

  end(): void {
    this.#child.disconnect();
  }
}

/** An application, NATS, and a gateway that delivers. */
export class Relay {
  readonly #server: NatsServer;
  readonly #app: Process<AppFigures>;
  readonly #gateway: Process<GatewayFigures>;

  private constructor(server: NatsServer, app: Process<AppFigures>, gateway: Process<GatewayFigures>) {
    this.#server = server;
    this.#app = app;
    this.#gateway = gateway;
  }

  static async start(server: NatsServer, endpoint: string, batchSize: string): Promise<Relay> {
    const gateway = await Process.start<GatewayFigures>('relay/gateway.ts', [server.url, endpoint]);
    const app = await Process.start<AppFigures>('relay/app.ts', ['stream', server.url, batchSize]);
    return new Relay(server, app, gateway);
  }

  async round(count: number): Promise<Cost> {
    const before = await Promise.all([this.#app.ask({ make: count }), this.#gateway.ask('figures')]);
    const natsBefore = cpuNanos(this.#server);
    const delivered = before[1].delivered + count;
    return costOf(count, async () => {
      const app = await this.#app.ask('record');
      let gateway = await this.#gateway.ask('figures');
      while (gateway.delivered < delivered) {
        await new Promise(resolve => setTimeout(resolve, LOOK_MILLIS));
        gateway = await this.#gateway.ask('figures');
      }
      if (gateway.delivered > delivered)
        throw new Error(`${gateway.delivered} of ${delivered} events arrived`);
      return spent([app, gateway], before) + cpuNanos(this.#server) - natsBefore;
    });
  }

  /** Listens while a round goes on. @returns a file with the messages, each after its length */
  async messagesOf(count: number): Promise<string> {
    const listener = await connect({ servers: this.#server.url });
    const messages: Uint8Array[] = [];
    listener.subscribe(SUBJECT, {
      callback: (_, { data }) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(data.length);
        messages.push(length, data);
      },
    });
    await listener.flush();
    await this.round(count);
    await listener.flush();
    await listener.close();
    const file = join(this.#server.folder, 'messages');
    writeFileSync(file, Buffer.concat(messages));
    return file;
  }

  end(): void {
    this.#app.end();
    this.#gateway.end();
  }
}

/** NATS alone, with messages that a relay has had. */
export class Bare {
  readonly #server: NatsServer;
  readonly #file: string;
  readonly #publisher: Process<BareFigures>;
  readonly #consumer: Process<BareFigures>;

  private constructor(
    server: NatsServer,
    file: string,
    publisher: Process<BareFigures>,
    consumer: Process<BareFigures>,
  ) {
    this.#server = server;
    this.#file = file;
    this.#publisher = publisher;
    this.#consumer = consumer;
  }

  static async start(server: NatsServer, file: string): Promise<Bare> {
    const consumer = await Process.start<BareFigures>('relay/bare.ts', ['consume', server.url]);
    const publisher = await Process.start<BareFigures>('relay/bare.ts', ['publish', server.url]);
    return new Bare(server, file, publisher, consumer);
  }

  async round(count: number): Promise<Cost> {
    const before = await Promise.all([this.#publisher.ask('figures'), this.#consumer.ask('figures')]);
    const natsBefore = cpuNanos(this.#server);
    return costOf(count, async () => {
      const publisher = await this.#publisher.ask({ file: this.#file });
      const messages = before[1].messages + publisher.messages - before[0].messages;
      let consumer = await this.#consumer.ask('figures');
      while (consumer.messages < messages) {
        await new Promise(resolve => setTimeout(resolve, LOOK_MILLIS));
        consumer = await this.#consumer.ask('figures');
      }
      return spent([publisher, consumer], before) + cpuNanos(this.#server) - natsBefore;
    });
  }

  end(): void {
    this.#publisher.end();
    this.#consumer.end();
  }
}

/** The application alone. */
export class Direct {
  readonly #app: Process<AppFigures>;

  private constructor(app: Process<AppFigures>) {
    this.#app = app;
  }

  static async start(endpoint: string, batchSize: string): Promise<Direct> {
    return new Direct(await Process.start<AppFigures>('relay/app.ts', ['http', endpoint, batchSize]));
  }

  async round(count: number): Promise<Cost> {
    const before = await this.#app.ask({ make: count });
    return costOf(count, async () => spent([await this.#app.ask('record')], [before]));
  }

  end(): void {
    this.#app.end();
  }
}

async function costOf(count: number, cpuOf: () => Promise<number>): Promise<Cost> {
  const startedAt = performance.now();
  const cpu = await cpuOf();
  return { time: ((performance.now() - startedAt) * 1e6) / count, cpu: cpu / count };
}

function spent(
  after: readonly { readonly cpuMicros: number }[],
  before: readonly { readonly cpuMicros: number }[],
): number {
  const sum = (figures: readonly { readonly cpuMicros: number }[]) =>
    figures.reduce((total, { cpuMicros }) => total + cpuMicros, 0);
  return (sum(after) - sum(before)) * 1_000;
}

/** What the NATS server has spent; 0 where the system does not say. */
function cpuNanos({ pid }: NatsServer): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * TICK_NANOS;
  } catch {
    return 0;
  }
}
