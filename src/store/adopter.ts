// SPDX-License-Identifier: Apache-2.0
import type { RuntimeTimer } from '../model/runtime.js';
import { fs, join } from '../util/builtins.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { AdoptedDirectories, type AdoptedDirectoriesHost } from './adopted-directories.js';
import { directoryBytes, fileSystemClock, isDead, listInstances, takeDirectory } from './adoption.js';
import { ForeignDirectories } from './foreign-directories.js';
import type { InstanceDirectory } from './instance-directory.js';
import type { OwnerRecord } from './owner.js';
import type { Segment } from './segment.js';

const SCAN_MILLIS = 30_000;
/** Beside live traffic each step waits for its turn: one directory after the other takes minutes for a thousand. */
const LOOKED_AT_TOGETHER = 8;

/** What an adopter needs of the store. */
export interface AdopterHost extends AdoptedDirectoriesHost {
  readonly owner: OwnerRecord;
  /** Whether so many bytes more keep the store's bounds. */
  hasRoomFor(bytes: number): boolean;
  /** Nothing is adopted: what is too much for the bounds even alone is taken alone. */
  readonly hasNoAdopted: boolean;
}

/** Looks for directories of the dead, at once and from time to time, and takes over what is in them. */
export class Adopter {
  readonly #host: AdopterHost;
  readonly #adopted: AdoptedDirectories;
  readonly #foreign: ForeignDirectories;
  readonly #said = new OnceLog();
  /** Bytes that are being taken just now. */
  #taking = 0;
  #timer: RuntimeTimer | undefined;
  #scanning: Promise<void> | undefined;
  #stopped = false;

  constructor(host: AdopterHost) {
    this.#host = host;
    this.#adopted = new AdoptedDirectories(host);
    this.#foreign = new ForeignDirectories(host.logger);
  }

  start(): void {
    this.#scanning = this.#scan()
      .catch(error => this.#reportFailures([error]))
      .finally(() => {
        if (this.#stopped) return;
        // Jittered: processes that were started together must not look together.
        const delay = SCAN_MILLIS * (0.5 + this.#host.runtime.random());
        this.#timer = this.#host.runtime.setTimer(() => this.start(), delay);
      });
  }

  /** Resolves when the look that is under way is over. Never rejects. */
  async scanned(): Promise<void> {
    await this.#scanning;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    await this.#scanning;
  }

  /** All directories of ours are gone. */
  forgetAll(): void {
    this.#adopted.forgetAll();
  }

  /** An adopted segment was deleted. Rejects with what the file system says. */
  segmentGone(segment: Segment): Promise<void> {
    return this.#adopted.segmentGone(segment);
  }

  async #scan(): Promise<void> {
    const { instance } = this.#host;
    if (instance === undefined) return;
    const failures: unknown[] = [];
    const failed = (error: unknown) => void failures.push(error);
    await this.#adopted.loadAll(instance, failed);
    const { instances, otherVersions } = await listInstances(instance.parent);
    if (otherVersions && this.#said.first('version')) {
      this.#host.logger.warn(
        'the event store leaves directories of another version of its format alone: the version that wrote them has to deliver their events',
      );
    }
    const askNow = fileSystemClock(instance);
    const left = instances.values();
    const lookAtSome = async () => {
      for (const name of left) {
        if (this.#stopped || this.#host.instance !== instance) return;
        await this.#consider(name, instance, askNow).catch(failed);
      }
    };
    await Promise.all(Array.from({ length: LOOKED_AT_TOGETHER }, lookAtSome));
    this.#adopted.report();
    this.#foreign.report();
    this.#reportFailures(failures);
  }

  /** Rejects with what the file system says. */
  async #consider(
    name: string,
    instance: InstanceDirectory,
    askNow: (since: number) => Promise<number | undefined>,
  ): Promise<void> {
    const path = join(instance.parent, name);
    if (path === instance.path) return;
    const { uid } = await fs.promises.lstat(path);
    if (uid !== instance.uid) return this.#foreign.found(uid, path);
    if (!(await isDead(path, this.#host.owner, askNow))) return;
    const bytes = await directoryBytes(path);
    if (this.#stopped || !this.#mayTake(bytes)) return;
    this.#taking += bytes;
    try {
      const taken = await takeDirectory(path, name, instance, this.#host.runtime);
      if (taken !== undefined) await this.#adopted.load(taken, instance);
    } finally {
      this.#taking -= bytes;
    }
  }

  #mayTake(bytes: number): boolean {
    const { hasNoAdopted } = this.#host;
    return this.#host.hasRoomFor(this.#taking + bytes) || (hasNoAdopted && this.#taking === 0);
  }

  #reportFailures(failures: readonly unknown[]): void {
    // Another process was faster: what a look always has to expect.
    const real = failures.filter(error => (error as NodeJS.ErrnoException).code !== 'ENOENT');
    if (real.length === 0) return;
    const label = errorLabel(real[0]);
    const level = this.#said.first(label) ? 'warn' : 'debug';
    this.#host.logger[level](
      `the event store can't take over directories of earlier processes now (${label}; failures: ${real.length}) and tries again`,
    );
  }
}
