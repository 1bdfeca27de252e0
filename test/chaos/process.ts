// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';

/** What a recording process is to do: the argument of process.mjs. */
export interface ProcessOrder {
  readonly number: number;
  readonly quota: number;
  /** So many events more than it has delivered it records at most. */
  readonly lead: number;
  /** Between two calls of `forceFlush()` it waits as long as this at most. */
  readonly flushPauseMillis: number;
  /** Parent directory of the event stores. */
  readonly directory: string;
  readonly datafile: Record<string, unknown>;
  /** 0: the datafile is there at once. */
  readonly datafileAfterMillis: number;
  /** Options of the processor. */
  readonly processor: Record<string, unknown>;
  /** Log to stderr. */
  readonly talks: boolean;
}

export interface ProcessStatus {
  readonly acknowledged: number;
  readonly refused: boolean;
  /** It was shut down in an orderly way. */
  readonly ended: boolean;
  readonly adoptions: number;
  readonly problem: string | undefined;
  readonly ledger: LedgerSnapshot | undefined;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const SCRIPT = fileURLToPath(new URL('./process.mjs', import.meta.url));
const STATUS_BYTES = 1_024;
const STDERR_KEPT = 4_000;

const running = new Set<RecordingProcess>();

/** A process that records events until it is killed. It tells what it did in a file, which survives any end. */
export class RecordingProcess {
  readonly #child: ChildProcess;
  readonly #statusPath: string;
  readonly #status: number;
  readonly #buffer = Buffer.alloc(STATUS_BYTES);
  readonly ended: Promise<Ending>;
  stderr = '';

  constructor(order: ProcessOrder, statusPath: string) {
    this.#statusPath = statusPath;
    writeFileSync(statusPath, Buffer.alloc(STATUS_BYTES));
    this.#status = openSync(statusPath, 'r');
    const argument = JSON.stringify({ ...order, status: statusPath, statusBytes: STATUS_BYTES });
    this.#child = spawn(process.execPath, [SCRIPT, argument], {
      stdio: ['pipe', 'ignore', order.talks ? 'inherit' : 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    running.add(this);
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.setEncoding('utf8').on('data', text => {
      if (this.stderr.length < STDERR_KEPT) this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
    this.ended.catch(() => running.delete(this));
  }

  get hasEnded(): boolean {
    return !running.has(this);
  }

  /** How many events it has acknowledged: `status()` without the rest. */
  acknowledged(): number {
    readSync(this.#status, this.#buffer, 0, 4, 0);
    return this.#buffer.readUInt32LE(0);
  }

  status(): ProcessStatus {
    const bytes = readSync(this.#status, this.#buffer, 0, STATUS_BYTES, 0);
    const text = this.#buffer.toString('utf8', 8, bytes).replaceAll('\0', '').trim();
    const told = text === '' ? {} : JSON.parse(text);
    return {
      acknowledged: this.#buffer.readUInt32LE(0),
      refused: this.#buffer.readUInt32LE(4) === 1,
      ended: told.ended === true,
      adoptions: told.adoptions ?? 0,
      problem: told.problem,
      ledger: told.ledger,
    };
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** When it has ended and its last status was read. */
  forget(): void {
    closeSync(this.#status);
    unlinkSync(this.#statusPath);
  }
}

/** Ends every process that is still there. */
export async function killRecordingProcesses(): Promise<void> {
  const left = [...running];
  for (const one of left) one.signal('SIGKILL');
  await Promise.allSettled(left.map(one => one.ended));
}
