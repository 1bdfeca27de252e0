// SPDX-License-Identifier: Apache-2.0
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorLabel, type Logger, OnceLog } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { directoryBytes, fileSystemNow, isDead, listInstances, takeDirectory } from './adoption.js';
import { INSTANCE_NAME, type InstanceDirectory, removeInstanceFiles } from './instance-directory.js';
import { loadSegment } from './load-segment.js';
import type { OwnerRecord } from './owner.js';
import type { Segment } from './segment.js';

const SCAN_MILLIS = 30_000;
const SEGMENT_NAME = /^\d+\.seg$/;

/** What an adopter needs of the store. */
export interface AdopterHost {
  readonly owner: OwnerRecord;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly instance: InstanceDirectory | undefined;
  nextSegmentId(): number;
  /** Whether so many bytes more keep the store's bounds. */
  hasRoomFor(bytes: number): boolean;
  addAdopted(segments: readonly Segment[]): void;
}

/** Looks for directories of the dead, at once and from time to time, and takes over what is in them. */
export class Adopter {
  readonly #host: AdopterHost;
  readonly #said = new OnceLog();
  /** Segments that were dealt with, readable or not. */
  readonly #known = new Set<string>();
  /** Segments of a directory that still have records. */
  readonly #left = new Map<string, number>();
  #timer: RuntimeTimer | undefined;
  #scanning: Promise<void> | undefined;
  #stopped = false;

  constructor(host: AdopterHost) {
    this.#host = host;
  }

  start(): void {
    this.#scanning = this.#scan()
      .catch(error => this.#host.logger.debug(`the event store can't look for others (${errorLabel(error)})`))
      .finally(() => {
        if (this.#stopped) return;
        // Jittered: processes that were started together must not look together.
        const delay = SCAN_MILLIS * (0.5 + this.#host.runtime.random());
        this.#timer = this.#host.runtime.setTimer(() => this.start(), delay);
      });
  }

  /** Resolves when the look that is under way is over. Never rejects. */
  async looked(): Promise<void> {
    await this.#scanning;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    await this.#scanning;
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

  async #scan(): Promise<void> {
    const { instance, owner } = this.#host;
    if (instance === undefined) return;
    await this.#loadTaken(instance);
    const { instances, otherVersions } = await listInstances(instance.parent);
    if (otherVersions && this.#said.first('version')) {
      this.#host.logger.warn(
        'the event store leaves directories of another version of its format alone: the version that wrote them has to deliver their events',
      );
    }
    const now = await fileSystemNow(instance);
    for (const name of instances) {
      const path = join(instance.parent, name);
      if (this.#stopped || path === instance.path) continue;
      if (!(await isDead(path, owner, now))) continue;
      if (!this.#host.hasRoomFor(await directoryBytes(path).catch(() => 0))) continue;
      if ((await takeDirectory(path, name, instance)) !== undefined) await this.#loadTaken(instance);
    }
  }

  /** All directories in ours, also those that a life before us had adopted and one that could not be read before. */
  async #loadTaken(instance: InstanceDirectory): Promise<void> {
    const { instances } = await listInstances(instance.path);
    for (const name of instances) {
      if (this.#stopped) return;
      await this.#load(join(instance.path, name), instance);
    }
  }

  async #load(directory: string, instance: InstanceDirectory): Promise<void> {
    const names = await readdir(directory);
    const inner: string[] = [];
    for (const name of names.filter(name => INSTANCE_NAME.test(name))) {
      // Side by side: a service that restarts for ever must not nest them ever deeper.
      const taken = await takeDirectory(join(directory, name), name, instance);
      if (taken !== undefined) inner.push(taken);
    }
    const segments: Segment[] = [];
    let unreadable = 0;
    let damages = 0;
    for (const name of names.filter(name => SEGMENT_NAME.test(name)).sort()) {
      const path = join(directory, name);
      if (this.#known.has(path)) continue;
      // One that can't be read now is tried again at the next scan.
      const loaded = await loadSegment(path, this.#host.nextSegmentId()).catch(() => undefined);
      if (loaded === undefined) continue;
      this.#known.add(path);
      if (loaded.state === 'unreadable') unreadable++;
      if (loaded.state !== 'loaded') continue;
      damages += loaded.damages;
      segments.push(loaded.segment);
    }
    this.#left.set(directory, (this.#left.get(directory) ?? 0) + segments.length);
    this.#report(unreadable, damages);
    if (segments.length > 0) this.#host.addAdopted(segments);
    await this.#tidy(directory);
    for (const taken of inner) await this.#load(taken, instance);
  }

  #report(unreadable: number, damages: number): void {
    if (damages > 0) {
      this.#host.logger.warn(
        `the event store found ${damages} damaged places in the segments of an earlier process; the records beside them are intact`,
      );
    }
    if (unreadable > 0) {
      this.#host.logger.warn(
        `the event store can't read ${unreadable} segments of an earlier process (another version, or not segments) and leaves them alone`,
      );
    }
  }

  /** Removes a directory whose segments are gone. One with something else in it is put aside, where nobody looks. */
  async #tidy(directory: string): Promise<void> {
    if ((this.#left.get(directory) ?? 0) > 0) return;
    this.#left.delete(directory);
    if (await removeInstanceFiles(directory)) return;
    const names = await readdir(directory);
    const waiting = names.some(
      name =>
        INSTANCE_NAME.test(name) || (SEGMENT_NAME.test(name) && !this.#known.has(join(directory, name))),
    );
    const { instance } = this.#host;
    if (waiting || instance === undefined) return;
    await rename(directory, join(instance.parent, `unread-${basename(directory)}`));
    for (const name of names) this.#known.delete(join(directory, name));
  }
}
