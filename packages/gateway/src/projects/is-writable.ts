// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A full disk may have room for an empty file. */
const CONTENT = Buffer.alloc(4_096);

/** Whether a directory takes files; it is made if there is none. */
export function isWritable(directory: string): boolean {
  const path = join(directory, `.writable-${randomUUID()}`);
  try {
    makeDirectory(directory);
    writeFileSync(path, CONTENT, { mode: 0o600 });
    return true;
  } catch {
    return false;
  } finally {
    removeIfThere(path);
  }
}

/** Not by `recursive`, which never returns below /proc, or where the working directory was deleted. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

/** A full disk leaves an empty file. */
function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not made, or its directory is gone.
  }
}
