// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { dirname, fs } from './builtins.js';

/** Where the system has them: Windows has no links and pipes that these would be needed for. */
const CAREFULLY = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

/** In place of a file there is a directory, a link, a named pipe, a socket or a device. */
export class NotRegularFile extends Error {
  override readonly name = 'NotRegularFile';
}

/** A file has more bytes than what it is taken for can have. */
export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge';
}

/**
 * Opens a file of a directory in which others may have put anything: a link is not followed, and a named pipe or device,
 * whose opening or reading could occupy a thread of the process for ever, is not opened.
 *
 * @param flags as of `open(2)`
 * @throws (rejects) NotRegularFile, or what the file system says
 */
export async function openRegular(path: string, flags: number, mode?: number): Promise<FileHandle> {
  // Opening a device can have an effect by itself.
  if (!((await lstatIfThere(path))?.isFile() ?? true)) throw new NotRegularFile();
  const handle = await fs.promises.open(path, flags | CAREFULLY, mode);
  try {
    // It may have been replaced since.
    if (!(await handle.stat()).isFile()) throw new NotRegularFile();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a file that is not larger than it may be.
 *
 * @param use called with the content while the file is open
 * @throws (rejects) NotRegularFile, FileTooLarge, what `use` throws, or what the file system says
 */
export async function readRegular<T>(
  path: string,
  maxBytes: number,
  use: (content: Buffer, handle: FileHandle) => T | Promise<T>,
): Promise<T> {
  const handle = await openRegular(path, fs.constants.O_RDONLY);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new FileTooLarge();
    return await use(await readAll(handle, size), handle);
  } finally {
    await handle.close();
  }
}

/**
 * Makes sure that what is going to be written or deleted in an instance directory does not lie behind a link that was put
 * in its place, or in the place of the directory around it.
 *
 * @throws (rejects) NotRegularFile, or what the file system says
 */
export async function requireRealDirectories(path: string): Promise<void> {
  const directory = dirname(path);
  for (const above of [dirname(directory), directory]) {
    if (!(await fs.promises.lstat(above)).isDirectory()) throw new NotRegularFile();
  }
}

async function readAll(handle: FileHandle, size: number): Promise<Buffer> {
  const content = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(content, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return content.subarray(0, length);
}

async function lstatIfThere(path: string) {
  try {
    return await fs.promises.lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
