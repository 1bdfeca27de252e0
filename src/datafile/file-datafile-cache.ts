// SPDX-License-Identifier: Apache-2.0
import type { DatafileCache } from '../model/datafile-transport.js';
import { fs, join } from '../util/builtins.js';
import { decodeText } from '../util/decode-text.js';
import { makeDirectory } from '../util/make-directory.js';
import { other } from '../util/options/option-table.js';
import { requireDirectory } from '../util/options/require-directory.js';
import { takeOptions } from '../util/options/take-options.js';
import { readRegular } from '../util/regular-file.js';
import { systemRuntime } from '../util/system-runtime.js';

export const FILE_DATAFILE_CACHE = {
  name: 'FileDatafileCache',
  example: "new FileDatafileCache({ directory: '/var/cache/my-service' })",
  table: { directory: other<string>({ unit: 'path' }) },
};

/** Far more than any datafile: those of large projects have a few megabytes. */
const MAX_DATAFILE_BYTES = 67_108_864;

/** Another user of the machine wrote the file, and could have this process send its events elsewhere. */
class FileOfAnotherUser extends Error {
  override readonly name = 'FileOfAnotherUser';
}

/** Keeps each datafile in a file of its own, which is replaced as a whole and readable by its owner only. */
export class FileDatafileCache implements DatafileCache {
  readonly #directory: string;

  /**
   * @param options `directory` is created if it is missing; several processes may share it
   * @throws TypeError if `directory` is not a path
   */
  constructor(options: { directory: string }) {
    this.#directory = requireDirectory(
      takeOptions(FILE_DATAFILE_CACHE, options).options.directory,
      FILE_DATAFILE_CACHE,
    );
  }

  /**
   * Reads the file of a key, if it is a regular file of at most 64 MiB that belongs to this process's user or to root.
   *
   * @returns undefined if there is none
   * @throws (rejects) what the file system says, or why the file is not read
   */
  async get(key: string): Promise<string | undefined> {
    try {
      return await readRegular(this.#path(key), MAX_DATAFILE_BYTES, async (content, handle) => {
        const { uid } = await handle.stat();
        const ours = process.geteuid?.();
        if (ours !== undefined && uid !== ours && uid !== 0) throw new FileOfAnotherUser();
        return decodeText(content);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** @throws (rejects) what the file system says */
  async set(key: string, datafile: string): Promise<void> {
    makeDirectory(this.#directory);
    const path = this.#path(key);
    const unfinished = `${path}.${systemRuntime.uuid()}.tmp`;
    try {
      await fs.promises.writeFile(unfinished, datafile, { mode: 0o600, flag: 'wx' });
      await fs.promises.rename(unfinished, path);
    } catch (error) {
      await fs.promises.rm(unfinished, { force: true });
      throw error;
    }
  }

  /** Hashed: a key may hold what no file name can. */
  #path(key: string): string {
    // Here and not above: most who import the package have no cache.
    const { createHash } = process.getBuiltinModule('node:crypto');
    return join(this.#directory, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  }
}
