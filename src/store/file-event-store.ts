// SPDX-License-Identifier: Apache-2.0

import type { EventStore, EventStoreHost, StoredEvent, StoreTicket } from '../model/event-store.js';
import { guardLogger } from '../util/guarded-logger.js';
import { copyOptions } from '../util/options/copy-options.js';
import { requireDirectory } from '../util/options/require-directory.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { noteUnknownOptions } from '../util/options/unknown-options.js';
import { OpenStore } from './open-store.js';
import { FILE_EVENT_STORE, type FileEventStoreOptions } from './store-options.js';

export type { FileEventStoreOptions } from './store-options.js';

/**
 * Keeps a copy of every undelivered event in files. If the process is killed, the next process, or another one that
 * shares the directory, delivers these events.
 *
 * Each store serves one processor and has a directory of its own below the one given; any number of processes and
 * worker threads may share that. docs/store-format.md describes the files.
 */
export class FileEventStore implements EventStore {
  readonly #given: FileEventStoreOptions;
  readonly #options: Partial<FileEventStoreOptions>;
  readonly #directory: string;
  #store: OpenStore | undefined;
  #closing: Promise<void> | undefined;

  /** @throws TypeError if `directory` is not a path */
  constructor(options: FileEventStoreOptions) {
    this.#given = options;
    this.#options = copyOptions(FILE_EVENT_STORE, options);
    this.#directory = requireDirectory(this.#options.directory, FILE_EVENT_STORE);
  }

  /** Called by the processor. A second call is a mistake and does nothing. */
  open(host: EventStoreHost): void {
    if (this.#store !== undefined || this.#closing !== undefined) {
      host.logger.error(
        'an event store serves one processor: this one is in use already and does nothing here',
      );
      return;
    }
    const logger = guardLogger(host.logger);
    noteUnknownOptions(FILE_EVENT_STORE, this.#given, logger);
    const resolved = resolveOptions(FILE_EVENT_STORE.table, this.#options, logger);
    this.#store = new OpenStore({ ...resolved, directory: this.#directory }, host, logger);
    this.#store.start();
  }

  /** Resolves when it has scanned for what dead processes left, and has taken it over. Never rejects. */
  async scanned(): Promise<void> {
    await this.#store?.scanned();
  }

  append(event: StoredEvent, held?: { readonly json: string }): StoreTicket | 'full' | 'failed' {
    return this.#closing === undefined && this.#store ? this.#store.append(event, held) : 'failed';
  }

  remove(tickets: readonly StoreTicket[]): void {
    if (this.#closing === undefined) this.#store?.remove(tickets);
  }

  release(tickets: readonly StoreTicket[]): void {
    if (this.#closing === undefined) this.#store?.release(tickets);
  }

  get available(): number {
    return this.#store?.available ?? 0;
  }

  async read(limits: {
    readonly maxEvents: number;
    readonly maxBytes: number;
  }): Promise<readonly { readonly ticket: StoreTicket; readonly event: StoredEvent }[]> {
    return this.#closing === undefined && this.#store ? this.#store.read(limits) : [];
  }

  close(): Promise<void> {
    this.#closing ??= this.#store?.close() ?? Promise.resolve();
    return this.#closing;
  }
}
