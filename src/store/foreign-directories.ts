// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import { OnceLog } from '../util/episode-log.js';

/** Directories of other users: neither adopted nor changed, and told once a user. */
export class ForeignDirectories {
  readonly #logger: Logger;
  readonly #said = new OnceLog();
  readonly #found = new Map<number, string[]>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  found(uid: number, path: string): void {
    const paths = this.#found.get(uid);
    if (paths === undefined) this.#found.set(uid, [path]);
    else paths.push(path);
  }

  /** A look is over. */
  report(): void {
    for (const [uid, paths] of this.#found) {
      if (!this.#said.first(String(uid))) continue;
      const what = paths.length === 1 ? `${paths[0]}` : `${paths.length} directories, ${paths[0]} among them`;
      this.#logger.warn(
        `the event store leaves ${what} alone: the owner is uid ${uid}, another user, who has to deliver the events in there; if that user no longer runs a service, change the owner to the user of this process`,
      );
    }
    this.#found.clear();
  }
}
