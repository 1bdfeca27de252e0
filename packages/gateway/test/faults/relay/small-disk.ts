// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(65_536);

/** A disk of a few megabytes in memory, that something else may fill. */
export class SmallDisk {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @returns undefined where file systems can't be mounted: that takes the rights of root */
  static mount(path: string, megabytes: number): SmallDisk | undefined {
    mkdirSync(path, { recursive: true });
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
    return status === 0 ? new SmallDisk(path) : undefined;
  }

  /** Leaves no room at all. */
  fill(): void {
    const ballast = openSync(this.#ballast, 'a');
    try {
      while (writeSync(ballast, CHUNK) === CHUNK.length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(ballast);
    }
  }

  empty(): void {
    const ballast = openSync(this.#ballast, 'a');
    ftruncateSync(ballast, 0);
    closeSync(ballast);
    rmSync(this.#ballast);
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.#path]);
  }

  get #ballast(): string {
    return join(this.#path, 'ballast');
  }
}
