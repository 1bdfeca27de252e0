// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type EventStore, FileEventStore } from 'opentelemetry-exporter-optimizely';
import type { StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import { cpuNanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from './workload.js';

/** By events a turn of the event loop: a turn costs as much as an event. */
const TARGETS = [
  { eventsATurn: 1, call: 2, turn: 1.8 },
  { eventsATurn: 5, call: undefined, turn: 2 },
  { eventsATurn: 100, call: undefined, turn: 2 },
] as const;

/**
 * An event is written before the record call returns, or at the end of its turn of the event loop, and removed when it
 * was delivered: both are timed. The rows with the barest store show what the operating system and a checksum ask for.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 20_000;
  const row = (name: string, eventsATurn: number, makeStore: MakeStore, atMost?: number): Row => ({
    name: `recordConversion to body, ${eventsATurn === 1 ? 'an event' : `${eventsATurn} events`} a turn, with ${name}`,
    peer: 'without it',
    unit: 'ns',
    ...(atMost !== undefined && { target: { atMost } }),
    rounds: 15,
    open: () => open(count, eventsATurn, makeStore),
  });
  return TARGETS.flatMap(({ eventsATurn, call, turn }): Row[] => [
    row('a FileEventStore', eventsATurn, directory => new FileEventStore({ directory }), call),
    row(
      "a FileEventStore, commit: 'turn'",
      eventsATurn,
      directory => new FileEventStore({ directory, commit: 'turn' }),
      turn,
    ),
    row(
      'a store that only writes: text, CRC-32, one writeSync for each event',
      eventsATurn,
      directory => new BarestStore(join(directory, 'events')),
    ),
    row(
      'a store that only writes: text, CRC-32, one writeSync for each turn',
      eventsATurn,
      directory => new BarestStore(join(directory, 'events'), { isWrittenAtEndOfTurn: true }),
    ),
  ]);
}

type MakeStore = (directory: string) => EventStore;

function open(count: number, eventsATurn: number, makeStore: MakeStore) {
  const directory = mkdtempSync(join(tmpdir(), 'optimizely-bench-'));
  const events = inputs(count, makeConversion);
  const makeSide = (options: { eventStore?: EventStore }) =>
    makeProcessor({ ...options, batchSize: BATCH_SIZE, eventDispatcher: new CountingDispatcher() });
  const stored = makeSide({ eventStore: makeStore(directory) });
  const plain = makeSide({});
  const recordsWith = (processor: typeof plain) => () =>
    cpuNanosEach(count, async () => {
      await inTurns(count, n => processor.recordConversion(events[n] as ConversionInput), eventsATurn);
      await deliverAll(processor);
    });
  return {
    ours: recordsWith(stored),
    theirs: recordsWith(plain),
    close: async () => {
      await Promise.all([stored.shutdown(), plain.shutdown()]);
      rmSync(directory, { recursive: true });
    },
  };
}

const BATCH_SIZE = 10;
const FILE_BYTES = 1_048_576;
/** Of a record of ours: header, uuid and context. */
const BYTES_BEFORE_TEXT = 190;

/** Writes over the same bytes of one file again and again, keeps nothing in order, and can't be read again. */
class BarestStore implements EventStore {
  readonly available = 0;
  readonly #isWrittenAtEndOfTurn: boolean;
  readonly #memory = Buffer.alloc(262_144);
  #used = 0;
  readonly #file: number;
  #bytes = 0;

  constructor(path: string, { isWrittenAtEndOfTurn = false } = {}) {
    this.#isWrittenAtEndOfTurn = isWrittenAtEndOfTurn;
    this.#file = openSync(path, 'w', 0o600);
  }

  open(): void {}

  append(event: StoredEvent): number | 'failed' {
    if (event.kind !== 'resolved') return 'failed';
    if (this.#bytes > FILE_BYTES) this.#bytes = 0;
    const memory = this.#memory;
    const from = this.#used;
    const length = BYTES_BEFORE_TEXT + memory.write(event.json, from + BYTES_BEFORE_TEXT);
    this.#used += length;
    memory.writeUInt32LE(crc32(memory.subarray(from + 4, this.#used)), from);
    if (!this.#isWrittenAtEndOfTurn) this.#write();
    else if (from === 0) setImmediate(() => this.#write());
    return 1;
  }

  #write(): void {
    this.#bytes += writeSync(this.#file, this.#memory, 0, this.#used, this.#bytes);
    this.#used = 0;
  }

  remove(): void {}

  release(): void {}

  async read() {
    return [];
  }

  async close(): Promise<void> {
    closeSync(this.#file);
  }
}
