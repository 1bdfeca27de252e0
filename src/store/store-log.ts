// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { EpisodeLog, OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { MAX_SEGMENT_BYTES } from './record-layout.js';

/** What a person is told of records that can't be written or read back, and of files that can't be deleted or have gone. */
export class StoreLog {
  readonly #logger: PackageLogger;
  readonly #runtime: Runtime;
  readonly #episodes = new EpisodeLog();
  readonly #said = new OnceLog();

  constructor(logger: PackageLogger, runtime: Runtime) {
    this.#logger = logger;
    this.#runtime = runtime;
  }

  /** @param path of the first file with such records */
  lost(count: number, path: string | undefined): void {
    if (!this.#episodes.first('lost', this.#runtime.monotonic())) return;
    this.#logger.warn(
      `the event store can't read ${count} records of ${path} back: the file was deleted or damaged, or another program wrote it`,
    );
  }

  tooLarge(): void {
    if (!this.#said.first('too large')) return;
    this.#logger.warn(
      `the event store takes no event of more than ${MAX_SEGMENT_BYTES} bytes: it is kept in memory only`,
    );
  }

  syncFailed(error: unknown): void {
    if (!this.#said.first('sync')) return;
    this.#logger.warn(
      `the event store can't bring files to the disk (${errorLabel(error)}): events survive the process, perhaps not the machine`,
    );
  }

  gone(what: 'directory' | 'segment'): void {
    this.#logger.warn(
      `the event store's ${what} was deleted, or taken by another process; it goes on in a new one`,
    );
  }

  /** @param errors why the file of each segment can't be deleted */
  undeleted(errors: ReadonlyMap<unknown, unknown>): void {
    const [error] = errors.values();
    if (error === undefined) return;
    this.#logger.warn(
      `the event store can't delete ${errors.size} segments of delivered events (${errorLabel(error)}): the next process sends these events again, which Optimizely counts once`,
    );
  }
}
