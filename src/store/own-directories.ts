// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import type { InstanceDirectory } from './instance-directory.js';

/** Errors after which a directory can't be used anymore, but another one may be. */
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'ENOTDIR', 'ELOOP']);

/** The directory in use, and those that were in use until they could not be used anymore. */
export class OwnDirectories {
  readonly #create: () => InstanceDirectory;
  readonly #logger: Logger;
  readonly #former: InstanceDirectory[] = [];
  #current: InstanceDirectory | undefined;

  /** @param create makes a new one, or throws what the file system says */
  constructor(create: () => InstanceDirectory, logger: Logger) {
    this.#create = create;
    this.#logger = logger;
  }

  get current(): InstanceDirectory | undefined {
    return this.#current;
  }

  /**
   * Makes something in the directory in use, in a new one where that one can't be used.
   *
   * @throws what the file system says
   */
  use<T>(make: (directory: InstanceDirectory) => T): T {
    if (this.#current !== undefined) {
      try {
        return make(this.#current);
      } catch (error) {
        if (!FORBIDDEN.has(String((error as NodeJS.ErrnoException).code))) throw error;
        this.leaveBehind();
      }
    }
    this.#current = this.#create();
    return make(this.#current);
  }

  /** The one in use can't be used now. Its records stay what they are: they can be read again as soon as it can be. */
  leaveBehind(): void {
    if (this.#current === undefined) return;
    this.#logger.warn(
      `the event store can't use its directory ${this.#current.path} anymore (was its mode or owner changed?) and tries a new one; events in the old one are delivered when it can be read again`,
    );
    this.#former.push(this.#current);
    this.#current = undefined;
  }

  /** The one in use no longer exists. */
  gone(): void {
    this.#current?.forget();
    this.#current = undefined;
  }

  /** Ends the use of all. Never rejects. */
  async leave(isEmpty: (directory: InstanceDirectory) => boolean): Promise<void> {
    for (const directory of this.#former) await directory.leave(isEmpty(directory));
    if (this.#current !== undefined) await this.#current.leave(isEmpty(this.#current));
  }
}
