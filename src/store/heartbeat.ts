// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import type { InstanceDirectory } from './instance-directory.js';
import { HEARTBEAT_MILLIS } from './liveness.js';

/** Shows every few seconds that an instance lives. */
export class Heartbeat {
  readonly #runtime: Runtime;
  readonly #instance: () => InstanceDirectory | undefined;
  readonly #beaten: () => void;
  #timer: RuntimeTimer | undefined;
  #beating: Promise<void> | undefined;
  #stopped = false;

  /** @param beaten called after each beat, whether the file system took it or not */
  constructor(runtime: Runtime, instance: () => InstanceDirectory | undefined, beaten: () => void) {
    this.#runtime = runtime;
    this.#instance = instance;
    this.#beaten = beaten;
  }

  start(): void {
    this.#timer = this.#runtime.setTimer(() => {
      this.#beating = this.#beat();
    }, HEARTBEAT_MILLIS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    await this.#beating;
  }

  async #beat(): Promise<void> {
    try {
      await this.#instance()?.beat();
    } catch {
      // The next one may succeed; that our directory has gone is noticed elsewhere.
    }
    if (this.#stopped) return;
    this.#beaten();
    this.start();
  }
}
