// SPDX-License-Identifier: Apache-2.0
import { fs, join } from '../util/builtins.js';

const RESERVE_FILE = 'reserve';

/** A directory, its owner's record and its heartbeat: a block of the disk each, on most file systems. */
const RESERVE_BYTES = 16_384;
/** The disk is full, not broken. */
const FULL_DISK = new Set(['ENOSPC', 'EDQUOT']);

export function isFullDisk(error: unknown): boolean {
  return FULL_DISK.has(String((error as NodeJS.ErrnoException).code));
}

/**
 * Holds room in an instance directory for the store that comes after it. Without it, a disk that is full of events is
 * never emptied once their process has ended: the next one can't make the directory that it would take them over into.
 * What does not fit is left out. Never throws.
 */
export function makeReserve(instance: string): void {
  try {
    fs.writeFileSync(join(instance, RESERVE_FILE), Buffer.alloc(RESERVE_BYTES, RESERVE_FILE), {
      mode: 0o600,
      flag: 'wx',
    });
  } catch {
    // It may hold a part. The disk has no more.
  }
}

/**
 * Gives the room of one reserve back to the disk. Never throws.
 *
 * @param parent holds instance directories, which may hold some that they have taken over
 * @param isInstance by its name
 * @returns whether there was one
 */
export function releaseReserve(parent: string, isInstance: (name: string) => boolean): boolean {
  try {
    const instances = fs
      .readdirSync(parent, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && isInstance(entry.name));
    return instances.some(({ name }) => {
      const path = join(parent, name);
      return removeReserve(join(path, RESERVE_FILE)) || releaseReserve(path, isInstance);
    });
  } catch {
    return false;
  }
}

function removeReserve(path: string): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size === 0) return false;
  fs.rmSync(path, { force: true });
  return true;
}
