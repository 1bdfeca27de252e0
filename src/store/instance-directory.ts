// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { fs, join } from '../util/builtins.js';
import { makeDirectory } from '../util/make-directory.js';
import { NotRegularFile, openRegular } from '../util/regular-file.js';
import { isFullDisk, makeReserve, releaseReserve } from './disk-reserve.js';
import { liveInstances } from './live-instances.js';
import { STALE_MILLIS } from './liveness.js';
import type { OwnerRecord } from './owner.js';

/** The format's version is part of the name, so that no life touches the directory of one that it can't read. */
export const INSTANCE_NAME = /^v1-[0-9a-f-]{36}$/;
export const FOREIGN_INSTANCE_NAME = /^v\d+-[0-9a-f-]{36}$/;
export const OWNER_FILE = 'owner.json';
const HEARTBEAT_FILE = 'heartbeat';
export const CLOSED_FILE = 'closed';
/** What an instance directory may hold besides segments; an ack file outlives its segment only in a crash. */
const SMALL_FILE = /^(owner\.json|heartbeat|closed|reserve|\d+\.ack)$/;

const { O_RDWR, O_CREAT, O_WRONLY } = fs.constants;

const STICKY = 0o1000;

/** `gone`: deleted, or something else is there by now. `hidden`: it is there and can't be used. */
export type Place = 'in place' | 'gone' | 'hidden';

/** The directory that one instance alone writes. */
export class InstanceDirectory {
  readonly parent: string;
  readonly path: string;
  /** Of its owner, as this file system tells it: what others of our own user have, too. */
  readonly uid: number;
  readonly #inode: number;
  readonly #runtime: Runtime;
  #awakeSince = Number.NEGATIVE_INFINITY;

  /** @throws what the file system says */
  static create(directory: string, owner: OwnerRecord, runtime: Runtime, logger: Logger): InstanceDirectory {
    makeDirectory(directory);
    const parent = fs.realpathSync(directory);
    warnOfSharedDirectory(parent, logger);
    try {
      return InstanceDirectory.#createIn(parent, owner, runtime);
    } catch (error) {
      if (!isFullDisk(error) || !releaseReserve(parent, name => INSTANCE_NAME.test(name))) throw error;
      return InstanceDirectory.#createIn(parent, owner, runtime);
    }
  }

  /** @throws what the file system says; nothing is left behind then */
  static #createIn(parent: string, owner: OwnerRecord, runtime: Runtime): InstanceDirectory {
    const path = makeChild(parent, runtime);
    liveInstances().add(path);
    try {
      fs.writeFileSync(join(path, OWNER_FILE), JSON.stringify(owner), { mode: 0o600, flag: 'wx' });
      fs.writeFileSync(join(path, HEARTBEAT_FILE), '.', { mode: 0o600, flag: 'wx' });
      makeReserve(path);
      return new InstanceDirectory(parent, path, runtime);
    } catch (error) {
      liveInstances().delete(path);
      fs.rmSync(path, { recursive: true, force: true });
      throw error;
    }
  }

  /** @throws what the file system says */
  private constructor(parent: string, path: string, runtime: Runtime) {
    this.parent = parent;
    this.path = path;
    this.#runtime = runtime;
    const { uid, ino } = fs.lstatSync(path);
    this.uid = uid;
    this.#inode = ino;
  }

  look(): Place {
    return lookFor(this.path, this.#inode);
  }

  /**
   * Shows that we live. A byte is written, since the file system then stamps the file with its own clock.
   *
   * @returns "now" as the file system tells it, milliseconds
   * @throws (rejects) what the file system says, or that the directory no longer exists
   */
  async beat(): Promise<number> {
    if (this.look() !== 'in place') throw new NotRegularFile();
    const handle = await openRegular(join(this.path, HEARTBEAT_FILE), O_RDWR | O_CREAT, 0o600);
    try {
      const before = (await handle.stat()).mtimeMs;
      await handle.write('.', 0);
      const now = (await handle.stat()).mtimeMs;
      // Asleep, or the file system's clock was set, and what others wrote before means nothing until they beat again.
      if (Math.abs(now - before) > STALE_MILLIS) this.#awakeSince = this.#runtime.monotonic();
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

  /** Removes it where nothing is left in it; otherwise the next store may take it at once. Never rejects. */
  async leave(empty: boolean): Promise<void> {
    try {
      if (this.look() !== 'in place') return;
      if (!empty || !(await removeInstanceFiles(this.path))) {
        const handle = await openRegular(join(this.path, CLOSED_FILE), O_WRONLY | O_CREAT, 0o600);
        await handle.close();
      }
    } catch {
      // It is found by its owner's death instead.
    } finally {
      this.forget();
    }
  }

  forget(): void {
    liveInstances().delete(this.path);
  }
}

/**
 * Removes an instance directory without segments: our own small files, then the directory. Rejects with what the file
 * system says.
 *
 * @returns false if it holds something else, in which case it stays as it is
 */
export async function removeInstanceFiles(path: string): Promise<boolean> {
  try {
    const entries = await fs.promises.readdir(path, { withFileTypes: true });
    if (!entries.every(entry => entry.isFile() && SMALL_FILE.test(entry.name))) return false;
    const names = entries.map(({ name }) => name);
    // The owner's record goes last: without it a directory is judged by its age alone.
    const ownerLast = names.sort((a, b) => Number(a === OWNER_FILE) - Number(b === OWNER_FILE));
    for (const name of ownerLast) await fs.promises.rm(join(path, name), { force: true });
    await fs.promises.rmdir(path);
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
      return (await fs.promises.lstat(join(path, file))).mtimeMs;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return (await fs.promises.lstat(path)).mtimeMs;
}

/** Whether the file or directory of this number is what this path names. */
export function lookFor(path: string, inode: number): Place {
  try {
    const there = fs.lstatSync(path, { throwIfNoEntry: false });
    return there !== undefined && there.ino === inode ? 'in place' : 'gone';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return 'gone';
    return code === 'EACCES' || code === 'EPERM' || code === 'ELOOP' ? 'hidden' : 'in place';
  }
}

/**
 * Where other users may write and nothing (the sticky bit) keeps them from it, they can take what others have
 * written.
 */
function warnOfSharedDirectory(path: string, logger: Logger): void {
  const { mode } = fs.lstatSync(path);
  if ((mode & fs.constants.S_IWOTH) === 0 || (mode & STICKY) !== 0) return;
  logger.warn(
    `the event store's directory ${path} can be written by every user of this machine, who can delete, move or forge events in it: use a directory of mode 0700`,
  );
}

function makeChild(parent: string, runtime: Runtime): string {
  for (let attempt = 1; ; attempt++) {
    const path = join(parent, `v1-${runtime.uuid()}`);
    try {
      fs.mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 100) throw error;
    }
  }
}
