// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileEventStore, type FileEventStoreOptions } from 'opentelemetry-exporter-optimizely';
import type { EventStoreHost, StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import type { Runtime } from 'opentelemetry-exporter-optimizely/testing';
import { makeContext, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';

/** The adopter's pause between two looks is the only one as long. */
const SCAN_PAUSE_MILLIS = 15_000;

/** Something that a test waits for, however often it was counted before. */
export class Counter {
  #count = 0;
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();

  get count(): number {
    return this.#count;
  }

  add(count: number): void {
    this.#count += count;
    for (const waiter of this.#waiting) {
      if (waiter.count > this.#count) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  async reaches(count: number): Promise<void> {
    if (this.#count >= count) return;
    await new Promise<void>(resolve => this.#waiting.add({ count, resolve }));
  }
}

/** A runtime that tells when a look for others has ended: then a pause begins. */
export function countScans(runtime: Runtime): { readonly runtime: Runtime; readonly scans: Counter } {
  const scans = new Counter();
  return {
    scans,
    runtime: {
      now: () => runtime.now(),
      monotonic: () => runtime.monotonic(),
      random: () => runtime.random(),
      uuid: () => runtime.uuid(),
      setTimer: (callback, millis) => {
        if (millis >= SCAN_PAUSE_MILLIS) scans.add(1);
        return runtime.setTimer(callback, millis);
      },
    },
  };
}

/** An open store and all that its host hears. */
export function openStore(options: FileEventStoreOptions) {
  const clock = new ManualRuntime();
  const { runtime, scans } = countScans({
    now: clock.now,
    monotonic: clock.monotonic,
    setTimer: clock.setTimer,
    random: clock.random,
    // Several stores share a directory.
    uuid: () => crypto.randomUUID(),
  });
  const logger = new RecordingLogger();
  const adopted = new Counter();
  const lost = new Counter();
  const host: EventStoreHost = {
    logger,
    runtime,
    adopted: count => adopted.add(count),
    lost: count => lost.add(count),
  };
  const store = new FileEventStore(options);
  store.open(host);
  opened.add(store);
  return {
    directory: options.directory,
    store,
    clock,
    logger,
    scans,
    adopted,
    lost,
    append(event: StoredEvent): number {
      const ticket = store.append(event);
      if (typeof ticket !== 'number') throw new Error(`not stored: ${ticket}`);
      return ticket;
    },
    /** Lets the store look for others once more, when its pause is over. */
    async scan(): Promise<void> {
      const next = scans.count + 1;
      await clock.advance(30_000);
      await scans.reaches(next);
    },
    async readAll(maxEvents = 1_000): Promise<StoredEvent[]> {
      const events: StoredEvent[] = [];
      while (store.available > 0) {
        const records = await store.read({ maxEvents, maxBytes: 1e9 });
        events.push(...records.map(record => record.event));
        if (records.length === 0) break;
      }
      return events;
    },
  };
}

const opened = new Set<FileEventStore>();
const directories = new Set<string>();

export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'event-store-'));
  directories.add(directory);
  return directory;
}

export async function closeAll(): Promise<void> {
  for (const store of opened) await store.close();
  opened.clear();
}

export async function tidyUp(): Promise<void> {
  await closeAll();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
}

const context = makeContext();

export function makeEvent(
  uuid: string,
  overrides: Partial<StoredEvent & { kind: 'resolved' }> = {},
): StoredEvent {
  return {
    kind: 'resolved',
    type: 'conversion',
    uuid,
    context,
    json: `{"visitor_id":"v","attributes":[],"snapshots":[{"events":[{"entity_id":"1","timestamp":1700000000000,"key":"k","uuid":"${uuid}"}]}]}`,
    acceptedAt: 1_700_000_000_000,
    ...overrides,
  };
}

export function makeUnresolvedEvent(uuid: string): StoredEvent {
  const event = {
    type: 'conversion',
    userId: 'ünï',
    uuid,
    timestamp: 1,
    eventKey: 'k',
    tags: { a: [1] },
  } as const;
  return { kind: 'unresolved', event, acceptedAt: 1_700_000_000_000 };
}

export function uuidOf(event: StoredEvent): string {
  return event.kind === 'resolved' ? event.uuid : event.event.uuid;
}

/** Instance directories below a store's directory. */
export function instancesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => name.startsWith('v1-'))
    .map(name => join(directory, name));
}

/** Files of a store's directory with this ending, at any depth. */
export function filesIn(directory: string, ending: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(directory, name))
    .sort();
}

/** Bytes of the files with this ending; one may be deleted while we look. */
export function bytesIn(directory: string, ending: string): number {
  return filesIn(directory, ending).reduce(
    (bytes, file) => bytes + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
