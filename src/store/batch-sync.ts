// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';

/** Brings a file to the disk in the background: one fdatasync at a time, for all that was written before it. */
export class BatchSync {
  readonly #fd: number;
  readonly #failed: (error: unknown) => void;
  #dirty = false;
  #running: Promise<void> | undefined;

  constructor(fd: number, failed: (error: unknown) => void) {
    this.#fd = fd;
    this.#failed = failed;
  }

  /** More was written. */
  touch(): void {
    this.#dirty = true;
    this.#running ??= this.#run();
  }

  /** Resolves when all that was written is on the disk, or cannot be brought there. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      const error = await new Promise<Error | null>(resolve => fs.fdatasync(this.#fd, resolve));
      if (error !== null) this.#failed(error);
    }
    this.#running = undefined;
  }
}

/** The entry of a new file is safe only when its directory was synced. Where directories can't be, nothing happens. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await fs.promises.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows, some network file systems.
  }
}
