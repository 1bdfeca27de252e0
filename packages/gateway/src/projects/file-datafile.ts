// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import {
  type DatafileIndex,
  type Logger,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type { Runtime } from '../model/runtime.js';
import { readTextFile, readTextFileLater } from '../util/text-file.js';
import type { KeptDatafile } from './kept-datafile.js';
import { prefixedLogger } from './prefixed-logger.js';
import type { ProjectDatafile } from './project-datafile.js';

const LOOK_MILLIS = 5_000;

export interface FileDatafileOptions {
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** In force until the file is read. @default none */
  readonly kept?: Pick<KeptDatafile, 'text' | 'keep'> | undefined;
  /** Reads the file again. @default `readTextFileLater` */
  readonly readLater?: (path: string) => Promise<string>;
}

/** A datafile in a file, which is read again when the file changes. A bad one leaves the one before it in force. */
export class FileDatafile implements ProjectDatafile {
  readonly #path: string;
  readonly #readLater: (path: string) => Promise<string>;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  readonly #config: StaticProjectConfigManager;
  readonly #kept: FileDatafileOptions['kept'];
  #lastCheckBeganAt: number | undefined;
  #currentAt: number | undefined;
  /** Of the latest look at the file; undefined if there was none. */
  #stamp: string | undefined = 'not looked at yet';
  #endTimer = () => {};
  #isFailing = false;
  /** Whether what was read last is what counts, and not what was there before it. */
  #isInForce = false;
  #isStopped = false;
  #reads = 0;
  /** The latest read that has ended. */
  #lastRead = 0;

  constructor(path: string, options: FileDatafileOptions) {
    const { logger, runtime, kept, readLater = readTextFileLater } = options;
    this.#path = path;
    this.#readLater = readLater;
    this.#runtime = runtime;
    this.#logger = logger;
    this.#config = new StaticProjectConfigManager({ logger: prefixedLogger(logger, `the file ${path}`) });
    this.#kept = kept;
    if (kept?.text !== undefined) this.#config.setDatafile(kept.text);
    // At once, so that the first request finds it.
    try {
      this.#take(readTextFile(path), runtime.monotonic());
    } catch (error) {
      this.#failed(error);
    }
    this.#lookLater();
  }

  get lastCheckBeganAt(): number | undefined {
    return this.#lastCheckBeganAt;
  }

  get currentAt(): number | undefined {
    return this.#currentAt;
  }

  getConfig(): DatafileIndex | undefined {
    return this.#config.getConfig();
  }

  onUpdate(listener: () => void): () => void {
    return this.#config.onUpdate(listener);
  }

  async checkNow(): Promise<boolean> {
    if (this.#isStopped) return false;
    const beganAt = this.#runtime.monotonic();
    const read = ++this.#reads;
    const text: unknown = await this.#readLater(this.#path).catch(error => error);
    // One that began later has ended before, and what it found is newer.
    if (read < this.#lastRead) return this.#isInForce;
    this.#lastRead = read;
    return typeof text === 'string' ? this.#take(text, beganAt) : this.#failed(text);
  }

  stop(): void {
    this.#isStopped = true;
    this.#endTimer();
  }

  #take(text: string, beganAt: number): boolean {
    this.#isFailing = false;
    const isInForce = this.#config.setDatafile(text);
    this.#isInForce = isInForce;
    if (isInForce) {
      this.#kept?.keep(text);
      this.#lastCheckBeganAt = beganAt;
      this.#currentAt = beganAt;
    }
    return isInForce;
  }

  #failed(error: unknown): false {
    if (!this.#isFailing) {
      const { code = 'an error' } = error as { code?: string };
      this.#logger.error(`the datafile ${this.#path} can't be read (${code}); it is tried again`);
    }
    this.#isFailing = true;
    this.#isInForce = false;
    return false;
  }

  #lookLater(): void {
    const timer = this.#runtime.setTimer(() => void this.#look(), LOOK_MILLIS);
    this.#endTimer = () => timer.clear();
  }

  async #look(): Promise<void> {
    const beganAt = this.#runtime.monotonic();
    const stamp = await stat(this.#path).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => undefined,
    );
    // Permissions change no stamp.
    const isWorthReading = stamp !== this.#stamp || this.#isFailing || this.getConfig() === undefined;
    if (isWorthReading) await this.checkNow();
    else if (this.#isInForce) this.#currentAt = beganAt;
    this.#stamp = stamp;
    if (!this.#isStopped) this.#lookLater();
  }
}
