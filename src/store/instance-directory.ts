// SPDX-License-Identifier: Apache-2.0
import { constants, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runtime } from '../model/runtime.js';
import { liveInstances } from './live-instances.js';
import { STALE_MILLIS } from './liveness.js';
import type { OwnerRecord } from './owner.js';

/** The format's version is part of the name, so that no life touches the directory of one that it can't read. */
export const INSTANCE_NAME = /^v1-[0-9a-f-]{36}$/;
export const FOREIGN_INSTANCE_NAME = /^v\d+-[0-9a-f-]{36}$/;
export const OWNER_FILE = 'owner.json';
export const HEARTBEAT_FILE = 'heartbeat';
export const CLOSED_FILE = 'closed';
/** What an instance directory may hold besides segments; an ack file outlives its segment only in a crash. */
const SMALL_FILE = /^(owner\.json|heartbeat|closed|\d+\.ack)$/;

const { O_RDWR, O_CREAT } = constants;

/** The directory that one instance alone writes. */
export class InstanceDirectory {
  readonly parent: string;
  readonly path: string;
  readonly #runtime: Runtime;
  #awakeSince = Number.NEGATIVE_INFINITY;

  /** @throws what the file system says */
  static create(directory: string, owner: OwnerRecord, runtime: Runtime): InstanceDirectory {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const parent = realpathSync(directory);
    const path = makeChild(parent, runtime);
    liveInstances().add(path);
    try {
      writeFileSync(join(path, OWNER_FILE), JSON.stringify(owner), { mode: 0o600, flag: 'wx' });
      writeFileSync(join(path, HEARTBEAT_FILE), '.', { mode: 0o600, flag: 'wx' });
    } catch (error) {
      liveInstances().delete(path);
      rmSync(path, { recursive: true, force: true });
      throw error;
    }
    return new InstanceDirectory(parent, path, runtime);
  }

  private constructor(parent: string, path: string, runtime: Runtime) {
    this.parent = parent;
    this.path = path;
    this.#runtime = runtime;
  }

  /** false: deleted, or adopted by somebody who took us for dead. */
  isInPlace(): boolean {
    try {
      return statSync(this.path, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return true;
    }
  }

  /**
   * Shows that we live. A byte is written, since the file system then stamps the file with its own clock.
   *
   * @returns "now" as the file system tells it, milliseconds
   */
  async beat(): Promise<number> {
    const handle = await open(join(this.path, HEARTBEAT_FILE), O_RDWR | O_CREAT, 0o600);
    try {
      const before = (await handle.stat()).mtimeMs;
      await handle.write('.', 0);
      const now = (await handle.stat()).mtimeMs;
      if (now - before > STALE_MILLIS) this.#awakeSince = this.#runtime.monotonic();
      return now;
    } finally {
      await handle.close();
    }
  }

  /**
   * We have slept (a suspended machine, a stopped process), and so may others have, who have had no chance to beat
   * since.
   */
  get hasJustWoken(): boolean {
    return this.#runtime.monotonic() - this.#awakeSince < STALE_MILLIS;
  }

  /** Removes it where nothing is left in it; else whoever comes next may take it at once. Never rejects. */
  async leave(empty: boolean): Promise<void> {
    try {
      if (!empty || !(await removeInstanceFiles(this.path))) {
        await writeFile(join(this.path, CLOSED_FILE), '', { mode: 0o600 });
      }
    } catch {
      // It is found by its owner's death instead.
    }
    this.forget();
  }

  forget(): void {
    liveInstances().delete(this.path);
  }
}

/**
 * Removes an instance directory without segments: our own small files, then the directory. Rejects with what the file
 * system says.
 *
 * @returns false: it holds something else, and stays as it is
 */
export async function removeInstanceFiles(path: string): Promise<boolean> {
  try {
    const names = await readdir(path);
    if (!names.every(name => SMALL_FILE.test(name))) return false;
    // The owner's record goes last: without it a directory is judged by its age alone.
    const ownerLast = names.sort((a, b) => Number(a === OWNER_FILE) - Number(b === OWNER_FILE));
    for (const name of ownerLast) await rm(join(path, name), { force: true });
    await rmdir(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** Time of an instance's last sign of life, milliseconds. */
export async function lastSignOfLife(path: string): Promise<number> {
  for (const file of [HEARTBEAT_FILE, OWNER_FILE]) {
    try {
      return (await stat(join(path, file))).mtimeMs;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return (await stat(path)).mtimeMs;
}

function makeChild(parent: string, runtime: Runtime): string {
  for (let attempt = 1; ; attempt++) {
    const path = join(parent, `v1-${runtime.uuid()}`);
    try {
      mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 100) throw error;
    }
  }
}
