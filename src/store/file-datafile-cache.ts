// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatafileCache } from '../model/datafile-transport.js';
import { decodeText } from '../model/decode-text.js';

/** One file a datafile, replaced as a whole, readable by its owner only. */
export class FileDatafileCache implements DatafileCache {
  readonly #directory: string;

  /**
   * @param options `directory` is made where it is missing; several processes may share it
   * @throws TypeError where `directory` is not a path
   */
  constructor(options: { directory: string }) {
    const directory: unknown = (options as typeof options | undefined)?.directory;
    if (typeof directory !== 'string' || directory === '') {
      throw new TypeError(
        "directory must be a path: new FileDatafileCache({ directory: '/var/cache/my-service' })",
      );
    }
    this.#directory = directory;
  }

  /** @throws (rejects) what the file system says, but for a file that is not there */
  async get(key: string): Promise<string | undefined> {
    try {
      return decodeText(await readFile(this.#path(key)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** @throws (rejects) what the file system says */
  async set(key: string, datafile: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = this.#path(key);
    const unfinished = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await writeFile(unfinished, datafile, { mode: 0o600, flag: 'wx' });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
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
