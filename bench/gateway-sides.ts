// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';
import { start } from './child.js';
import { type Coding, Senders } from './gateway-senders.js';
import type { Figures, Kind } from './gateway-server.js';

const DATAFILE = fileURLToPath(new URL('../packages/gateway/test/senders/datafile.json', import.meta.url));
let server: Promise<string> | undefined;

/** A gateway or its peer, in a process of its own. */
export class Side {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: Kind, optimizely: Optimizely): Promise<Side> {
    server ??= bundle('gateway-server.ts');
    const endpoint = `http://127.0.0.1:${optimizely.port}/v1/events`;
    const child = start(await server, [kind, endpoint, DATAFILE]);
    const [port] = (await once(child, 'message')) as [number];
    return new Side(child, port);
  }

  /** @param how `collect` for what it holds: garbage is collected first, which costs CPU time */
  async figures(how: 'at-once' | 'collect' = 'at-once'): Promise<Figures> {
    this.#child.send(how);
    const [figures] = (await once(this.#child, 'message')) as [Figures];
    return figures;
  }

  /** CPU time of the process while `work` is done, microseconds. */
  async cpuMicros(work: () => Promise<void>): Promise<number> {
    const before = await this.figures();
    await work();
    return (await this.figures()).cpuMicros - before.cpuMicros;
  }

  /** Requests that it bears in a second, if a core is its own. Warms it up, too. */
  async capacity(requests: number, make: () => Buffer, coding?: Coding): Promise<number> {
    const senders = new Senders(this.port, 8, coding);
    let cpuMicros = 0;
    for (let round = 0; round < 3; round++) {
      cpuMicros = await this.cpuMicros(async () => await senders.sendAll(requests, make));
    }
    senders.close();
    return (1_000_000 * requests) / cpuMicros;
  }

  end(): void {
    this.#child.disconnect();
  }
}

/** Stands for Optimizely, in a process of its own. */
export class Optimizely {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param answerAfterMillis how long each request waits for its answer */
  static async start(answerAfterMillis = 0): Promise<Optimizely> {
    const child = start('./loopback-server.ts', [String(answerAfterMillis)]);
    const [port] = (await once(child, 'message')) as [number];
    return new Optimizely(child, port);
  }

  async received(): Promise<{ requests: number; bytes: number }> {
    this.#child.send('received');
    const [received] = (await once(this.#child, 'message')) as [{ requests: number; bytes: number }];
    return received;
  }

  end(): void {
    this.#child.disconnect();
  }
}
