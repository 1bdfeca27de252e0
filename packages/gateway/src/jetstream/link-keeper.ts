// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';
import { Pause } from '../util/pause.js';
import type { NatsLink } from './nats-link.js';

/**
 * Keeps a link open: a gateway that receives is ready again when NATS is, though no request may come that would find out.
 */
export class LinkKeeper {
  readonly #link: NatsLink;
  readonly #pause: Pause;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(link: NatsLink, runtime: Runtime) {
    this.#link = link;
    this.#pause = new Pause(runtime);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pause.end();
    await this.#link.close();
    await this.#running;
    // It may have been opened again meanwhile.
    await this.#link.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const { connection } = await this.#link.open();
        this.#pause.reset();
        if (!this.#isStopped) await connection.closed();
      } catch {
        // The link has logged it.
      }
      if (!this.#isStopped) await this.#pause.begin();
    }
  }
}
