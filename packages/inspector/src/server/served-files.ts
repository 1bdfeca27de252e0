// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

/** File name and media type, by the path that a request asks for. */
type FileTable = Readonly<Record<string, readonly [name: string, type: string]>>;

const JAVASCRIPT = 'text/javascript; charset=utf-8';

const PAGE: FileTable = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', JAVASCRIPT],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
};

export const SAMPLE_DATAFILE_PATH = '/datafiles/sample.json';
export const SAMPLE_PROGRAM_PATH = '/sample.mjs';

const SAMPLE: FileTable = {
  [SAMPLE_DATAFILE_PATH]: ['sample.json', 'application/json; charset=utf-8'],
  [SAMPLE_PROGRAM_PATH]: ['sample.mjs', JAVASCRIPT],
};

/** Where the program expects the inspector, as it is printed in the README. */
const SAMPLE_ORIGIN = 'http://127.0.0.1:4319';

/** A handful of files, read once and found by name, so that no path leads anywhere else. */
export class ServedFiles {
  readonly #files: ReadonlyMap<string, { readonly content: Buffer; readonly type: string }>;

  /** @throws (rejects) what the file system says */
  static page(directory: URL): Promise<ServedFiles> {
    return ServedFiles.#read(directory, PAGE);
  }

  /**
   * The sample datafile, and a program that sends events of it.
   *
   * @throws (rejects) what the file system says
   */
  static sample(directory: URL): Promise<ServedFiles> {
    return ServedFiles.#read(directory, SAMPLE);
  }

  static async #read(directory: URL, table: FileTable): Promise<ServedFiles> {
    const entries = Object.entries(table).map(async ([path, [name, type]]) => {
      return [path, { content: await readFile(new URL(name, directory)), type }] as const;
    });
    return new ServedFiles(new Map(await Promise.all(entries)));
  }

  private constructor(files: ReadonlyMap<string, { readonly content: Buffer; readonly type: string }>) {
    this.#files = files;
  }

  /**
   * @param origin of this server: takes the place of the default one in the sample program
   * @returns false if there is no such file
   */
  serve(path: string, response: ServerResponse, origin: string): boolean {
    const file = this.#files.get(path);
    if (file === undefined) return false;
    response.setHeader('content-type', file.type);
    const isProgram = path === SAMPLE_PROGRAM_PATH;
    response.end(isProgram ? file.content.toString().replace(SAMPLE_ORIGIN, origin) : file.content);
    return true;
  }
}
