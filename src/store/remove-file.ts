// SPDX-License-Identifier: Apache-2.0
import { fs } from '../util/builtins.js';
import { requireRealDirectories } from '../util/regular-file.js';

/** Deletes a file, if there is one. Rejects with what the file system says. */
export async function removeFile(path: string): Promise<void> {
  try {
    await requireRealDirectories(path);
    await fs.promises.unlink(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
}
