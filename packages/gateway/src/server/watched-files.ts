// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'opentelemetry-exporter-optimizely';
import type { Runtime } from '../model/runtime.js';

/** Files are looked at, not watched: a volume of Kubernetes swaps a link, which watching the file does not see. */
const LOOK_MILLIS = 5_000;
const MOST_BYTES = 1_048_576;

export interface WatchedFilesOptions<T> {
  /** What they are, for the log: `--token-file`. */
  readonly name: string;
  readonly paths: readonly string[];
  /** Makes of their contents what is used. Throws an Error whose message says what is wrong with them. */
  readonly read: (contents: readonly Buffer[]) => T;
  /** Hears of a change once the new contents are in use. */
  readonly onChange?: (value: T) => void;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

/**
 * What is made of a few files that belong together. It is made again when one of them changes; where the new contents
 * are of no use, the last ones that were stay in use.
 */
export class WatchedFiles<T> {
  readonly #options: WatchedFilesOptions<T>;
  #value: T;
  #seen: string;
  #problem = '';
  #timer: ReturnType<Runtime['setTimer']> | undefined;
  #closed = false;

  /** @throws Error that names the file and says what is wrong with it */
  constructor(options: WatchedFilesOptions<T>) {
    this.#options = options;
    this.#seen = this.#look();
    try {
      this.#value = this.#make();
    } catch (error) {
      throw new Error(`${options.name}: ${messageOf(error)}`);
    }
    this.#arm();
  }

  get value(): T {
    return this.#value;
  }

  /**
   * Reads the files if they have changed, or could not be used the last time.
   *
   * @returns what is wrong with them; undefined if all is well
   */
  reload(): string | undefined {
    const seen = this.#look();
    if (seen === this.#seen && this.#problem === '') return undefined;
    const { name, paths, logger, onChange } = this.#options;
    try {
      const value = this.#make();
      onChange?.(value);
      this.#value = value;
      this.#seen = seen;
      this.#problem = '';
      logger.info(`${name} changed and ${paths.length === 1 ? 'was' : 'were'} read again`);
      return undefined;
    } catch (error) {
      const problem = `${name} changed and can't be used, so what was read before stays in use: ${messageOf(error)}`;
      if (problem !== this.#problem) logger.error(problem);
      this.#problem = problem;
      return problem;
    }
  }

  close(): void {
    this.#closed = true;
    this.#timer?.clear();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer = this.#options.runtime.setTimer(() => {
      this.reload();
      this.#arm();
    }, LOOK_MILLIS);
  }

  #make(): T {
    return this.#options.read(this.#options.paths.map(readRegular));
  }

  /** @returns what differs once a file was written or replaced */
  #look(): string {
    return this.#options.paths.map(identityOf).join('\n');
  }
}

function identityOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return messageOf(error);
  }
}

function readRegular(path: string): Buffer {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error(`${path} is not a file`);
  if (stats.size > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes`);
  return readFileSync(path);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
