// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { fs } from '../util/builtins.js';
import { openRegular, requireRealDirectories } from '../util/regular-file.js';
import { encodeAcks } from './ack-codec.js';
import type { Segment } from './segment.js';
import type { SerialQueue } from './serial-queue.js';

const { O_WRONLY, O_APPEND, O_CREAT } = fs.constants;
const FLUSH_MILLIS = 1_000;
/** More than a segment of small records has: where delivery keeps up it is deleted, and its acks never written. */
const FLUSH_COUNT = 2_048;

/**
 * Remembers on disk which records of a segment were removed while others are left. Written in the background, a moment
 * later: what is lost of it in a crash is delivered once more.
 */
export class AckLog {
  readonly #runtime: Runtime;
  readonly #diskQueue: SerialQueue;
  readonly #pending = new Map<Segment, number[]>();
  #count = 0;
  #timer: RuntimeTimer | undefined;
  #stopped = false;

  constructor(runtime: Runtime, diskQueue: SerialQueue) {
    this.#runtime = runtime;
    this.#diskQueue = diskQueue;
  }

  add(segment: Segment, index: number): void {
    const pending = this.#pending.get(segment);
    if (pending === undefined) this.#pending.set(segment, [index]);
    else pending.push(index);
    if (++this.#count >= FLUSH_COUNT) void this.flush();
    else this.#arm();
  }

  /** The segment goes as a whole: nothing needs to be remembered of it. */
  forget(segment: Segment): void {
    this.#count -= this.#pending.get(segment)?.length ?? 0;
    this.#pending.delete(segment);
  }

  /** Writes what there is to write, and arms no more timers. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.flush();
  }

  flush(): Promise<void> {
    this.#timer?.clear();
    this.#timer = undefined;
    const batches = [...this.#pending];
    this.#pending.clear();
    this.#count = 0;
    return this.#diskQueue.run(async () => {
      for (const [segment, indexes] of batches) await this.#write(segment, indexes);
    });
  }

  /** On the diskQueue, so that a segment's acks are never written after it was deleted. */
  async #write(segment: Segment, indexes: number[]): Promise<void> {
    segment.hasAcks = true;
    try {
      await append(segment.ackPath, encodeAcks(indexes));
    } catch {
      if (segment.left === 0 || this.#stopped) return;
      this.#pending.set(segment, indexes.concat(this.#pending.get(segment) ?? []));
      this.#count += indexes.length;
      this.#arm();
    }
  }

  #arm(): void {
    this.#timer ??= this.#runtime.setTimer(() => void this.flush(), FLUSH_MILLIS);
  }
}

async function append(path: string, entries: Buffer): Promise<void> {
  await requireRealDirectories(path);
  const handle = await openRegular(path, O_WRONLY | O_APPEND | O_CREAT, 0o600);
  try {
    await handle.writeFile(entries);
  } finally {
    await handle.close();
  }
}
