// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const;

/** The page, read once: a handful of files by name, so that no path leads anywhere else. */
export class PageFiles {
  readonly #files: ReadonlyMap<string, { readonly content: Buffer; readonly type: string }>;

  /** Rejects with what the file system says. */
  static async read(directory: URL): Promise<PageFiles> {
    const entries = Object.entries(FILES).map(async ([path, [name, type]]) => {
      return [path, { content: await readFile(new URL(name, directory)), type }] as const;
    });
    return new PageFiles(new Map(await Promise.all(entries)));
  }

  private constructor(files: ReadonlyMap<string, { readonly content: Buffer; readonly type: string }>) {
    this.#files = files;
  }

  /** @returns false if there is no such file */
  serve(path: string, response: ServerResponse): boolean {
    const file = this.#files.get(path);
    if (file === undefined) return false;
    response.setHeader('content-type', file.type);
    response.end(file.content);
    return true;
  }
}
