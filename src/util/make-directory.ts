// SPDX-License-Identifier: Apache-2.0
import { dirname, fs } from './builtins.js';

/**
 * Makes a directory and those around it that are missing, for its owner alone. Not by `recursive`, which never returns
 * below /proc: there a directory can't be made, and the error says that the one around it is missing.
 *
 * @throws the error of the file system
 */
export function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || fs.existsSync(parent)) throw error;
    makeDirectory(parent);
    fs.mkdirSync(path, { mode: 0o700 });
  }
}
