// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { basename, dirname, fs, join } from '../util/builtins.js';
import { OnceLog } from '../util/episode-log.js';
import { listInstances, takeDirectory } from './adoption.js';
import { INSTANCE_NAME, type InstanceDirectory, removeInstanceFiles } from './instance-directory.js';
import { loadSegment } from './load-segment.js';
import { removeFile } from './remove-file.js';
import type { Segment } from './segment.js';
import { SPARE_FILE } from './spare-file.js';

const SEGMENT_NAME = /^\d+\.seg$/;

/** What is needed of the store that adopts. */
export interface AdoptedDirectoriesHost {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly instance: InstanceDirectory | undefined;
  nextSegmentId(): number;
  addAdopted(segments: readonly Segment[]): void;
}

/** The directories of dead processes that are in ours: reads them, and removes them when their records are gone. */
export class AdoptedDirectories {
  readonly #host: AdoptedDirectoriesHost;
  /** Segments that were dealt with, readable or not. */
  readonly #known = new Set<string>();
  /** Segments of a directory that still have records. */
  readonly #left = new Map<string, number>();
  readonly #said = new OnceLog();
  #damages = 0;
  readonly #unreadable: string[] = [];

  constructor(host: AdoptedDirectoriesHost) {
    this.#host = host;
  }

  /** All directories of ours are gone. */
  forgetAll(): void {
    this.#known.clear();
    this.#left.clear();
  }

  /** An adopted segment was deleted. Rejects with what the file system says. */
  async segmentGone({ path }: Segment): Promise<void> {
    const directory = dirname(path);
    this.#known.delete(path);
    this.#left.set(directory, (this.#left.get(directory) ?? 1) - 1);
    await this.#tidy(directory);
  }

  /**
   * All that are there, also what an earlier life had adopted and what could not be read before. Rejects with what the
   * file system says of our own directory.
   *
   * @param failed told what the file system says of others
   */
  async loadAll(instance: InstanceDirectory, failed: (error: unknown) => void): Promise<void> {
    for (const name of (await listInstances(instance.path)).instances) {
      if (this.#host.instance !== instance) return;
      await this.load(join(instance.path, name), instance).catch(failed);
    }
  }

  /** Takes stock of one directory, and of those in it. Rejects with what the file system says. */
  async load(directory: string, instance: InstanceDirectory): Promise<void> {
    const entries = await fs.promises.readdir(directory, { withFileTypes: true });
    const inner: string[] = [];
    for (const { name } of entries.filter(entry => entry.isDirectory() && INSTANCE_NAME.test(entry.name))) {
      const path = join(directory, name);
      if ((await fs.promises.lstat(path)).uid !== instance.uid) continue;
      // Side by side: a service that restarts for ever must not nest them ever deeper.
      const taken = await takeDirectory(path, name, instance, this.#host.runtime);
      if (taken !== undefined) inner.push(taken);
    }
    const names = entries.map(({ name }) => name);
    // It counts nothing, and is of no use to us: our own is open.
    if (names.includes(SPARE_FILE)) await removeFile(join(directory, SPARE_FILE)).catch(() => {});
    await this.#loadSegments(directory, names.filter(name => SEGMENT_NAME.test(name)).sort());
    await this.#tidy(directory);
    for (const taken of inner) await this.load(taken, instance);
  }

  async #loadSegments(directory: string, names: readonly string[]): Promise<void> {
    const segments: Segment[] = [];
    for (const name of names) {
      const path = join(directory, name);
      if (this.#known.has(path)) continue;
      // One that can't be read now is tried again at the next look.
      const loaded = await loadSegment(path, this.#host.nextSegmentId()).catch(() => undefined);
      if (loaded === undefined) continue;
      this.#known.add(path);
      if (loaded.state === 'unreadable') this.#unreadable.push(path);
      if (loaded.state !== 'loaded') continue;
      this.#damages += loaded.damages;
      segments.push(loaded.segment);
    }
    this.#left.set(directory, (this.#left.get(directory) ?? 0) + segments.length);
    if (segments.length > 0) this.#host.addAdopted(segments);
  }

  /** A look is over: tells what was found, whatever the number of directories. */
  report(): void {
    const [first, ...more] = this.#unreadable.splice(0);
    if (this.#damages > 0) {
      this.#host.logger.warn(
        `the event store found ${this.#damages} damaged places in the segments of an earlier process; the records beside them are intact`,
      );
    }
    this.#damages = 0;
    if (first === undefined) return;
    this.#host.logger.warn(
      `the event store can't read segments of an earlier process (of another version, or not segments) and leaves them alone: ${more.length + 1}, ${first} among them`,
    );
  }

  /**
   * Removes a directory whose segments are gone. One with something else in it is put aside, where it is not scanned
   * at.
   */
  async #tidy(directory: string): Promise<void> {
    if ((this.#left.get(directory) ?? 0) > 0) return;
    this.#left.delete(directory);
    if (await removeInstanceFiles(directory)) return;
    const names = await fs.promises.readdir(directory);
    const waiting = names.some(
      name =>
        INSTANCE_NAME.test(name) || (SEGMENT_NAME.test(name) && !this.#known.has(join(directory, name))),
    );
    const { instance } = this.#host;
    if (waiting || instance === undefined) return;
    const aside = join(instance.parent, `unread-${basename(directory)}`);
    await fs.promises.rename(directory, aside);
    const level = this.#said.first('aside') ? 'warn' : 'debug';
    this.#host.logger[level](
      `the event store has put a directory of an earlier process aside: ${aside} holds something that is not the store's, and is not scanned anymore`,
    );
    for (const name of names) this.#known.delete(join(directory, name));
  }
}
