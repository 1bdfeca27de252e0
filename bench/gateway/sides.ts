// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundle } from '../harness/bundle.js';
import { start } from '../harness/child.js';
import { type Coding, Senders } from './senders.js';
import type { Figures, Kind } from './server.js';

const DATAFILE = fileURLToPath(new URL('../../packages/gateway/test/senders/datafile.json', import.meta.url));
let server: Promise<string> | undefined;

/** A gateway or its peer, in a process of its own. */
export class Side {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** @param endpoint where a gateway delivers */
  static async start(kind: Kind, endpoint: string): Promise<Side> {
    server ??= bundle('gateway/server.ts');
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
