// SPDX-License-Identifier: Apache-2.0
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** What a shell gives a command in place of a file (`<(…)`): its writer is there already. */
const OWN_DESCRIPTOR = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** In place of a file there is something else. `code` says so, as the file system says it. */
class NotAFile extends Error {
  readonly code: string;

  constructor(path: string, stats: Stats) {
    super(`${path} is not a file`);
    this.code = stats.isDirectory() ? 'EISDIR' : 'not a file';
  }
}

/**
 * Reads a file that the operator names. Opening a named pipe waits for its writer, and a device may have no end: either
 * would hold up all senders.
 *
 * @throws an Error with a `code`
 */
export function readTextFile(path: string): string {
  requireTextFile(path);
  return readFileSync(path, 'utf8');
}

/** The same without waiting for the disk. Rejects with an Error with a `code`. */
export async function readTextFileLater(path: string): Promise<string> {
  requireFile(path, await stat(path));
  return readFile(path, 'utf8');
}

/** @throws an Error with a `code`, if it is not one that `readTextFile` reads */
export function requireTextFile(path: string): void {
  requireFile(path, statSync(path));
}

function requireFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  if (!(stats.isFIFO() && OWN_DESCRIPTOR.test(path))) throw new NotAFile(path, stats);
}
