// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import type { RuntimeTimer } from '../model/runtime.js';
import { withDeadline } from '../util/deadline.js';
import { errorLabel } from '../util/error-label.js';
import { systemRuntime } from '../util/system-runtime.js';
import { onProcess } from './on-process.js';
import { openProcessors, setProcessEnding } from './open-processors.js';
import { tellFailure } from './target-failure.js';

export interface EndingTarget {
  readonly target: { shutdown(): Promise<unknown>; forceFlush?: unknown };
  readonly logger: PackageLogger;
  readonly drainTimeoutMillis: number | undefined;
}

const DRAIN_TIMEOUT_MILLIS = 10_000;

/** After re-raising a signal the process is gone, unless nothing handles it for pid 1. */
const STILL_ALIVE_MILLIS = 100;

/** From the signal to the end of the process, or of our part in it. */
export class ProcessEnding {
  readonly #signal: NodeJS.Signals;
  readonly #targets: readonly EndingTarget[];
  readonly #timeoutMillis: number;
  readonly #onEnded: () => void;
  #timer: RuntimeTimer | undefined;
  #ignoreBeforeExit: () => void = () => {};
  #endedBy: NodeJS.Signals | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(signal: NodeJS.Signals, targets: readonly EndingTarget[], onEnded: () => void) {
    this.#signal = signal;
    this.#targets = targets;
    this.#onEnded = onEnded;
    const asked = targets.flatMap(({ drainTimeoutMillis }) => drainTimeoutMillis ?? []);
    this.#timeoutMillis = asked.length > 0 ? Math.min(...asked) : DRAIN_TIMEOUT_MILLIS;
  }

  /** Delivers at once, what is recorded from now on too, until the process would end or the time is over. */
  drain(): void {
    deliverPromptly();
    for (const processor of openProcessors()) attempt(() => processor.forceFlush());
    for (const { target } of this.#targets) {
      attempt(() => (typeof target.forceFlush === 'function' ? target.forceFlush() : undefined));
    }
    // Not before the host's own listeners have recorded what they have to.
    this.#ignoreBeforeExit = onProcess('beforeExit', () => queueMicrotask(() => this.endNow()));
    this.#timer = systemRuntime.setTimer(() => this.endNow(), this.#timeoutMillis);
  }

  /** @param by the signal that is to end the process; default: the host ends it */
  endNow(by?: NodeJS.Signals): void {
    this.#endedBy ??= by;
    this.#shutdown ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#timer?.clear();
    this.#ignoreBeforeExit();
    // Targets first: one may be the application itself, which records to the last. What none of them shuts down at once
    // sends what it has, and does not wait for them.
    const targets = this.#targets.map(target => this.#shutDown(target));
    const prompt = systemRuntime.setTimer(deliverPromptly, 0);
    prompt.ref();
    await Promise.all(targets);
    prompt.clear();
    await Promise.all(openProcessors().map(processor => settled(() => processor.shutdown())));
    setProcessEnding(false);
    this.#onEnded();
    if (this.#endedBy !== undefined) raise(this.#endedBy);
  }

  /** Processors end in time by themselves; what else a target shuts down may not. */
  async #shutDown({ target, logger }: EndingTarget): Promise<void> {
    const failed = (how: string, error?: unknown) =>
      tellFailure({ target, logger, signal: this.#signal, how, error });
    try {
      const inTime = await withDeadline(systemRuntime, this.#timeoutMillis, async () => target.shutdown());
      if (!inTime) failed(`took more than ${this.#timeoutMillis} ms, and is waited for no longer`);
    } catch (error) {
      failed(`failed with ${errorLabel(error)}`, error);
    }
  }
}

function deliverPromptly(): void {
  setProcessEnding(true);
  for (const processor of openProcessors()) attempt(() => processor.deliverPromptly());
}

/** What flushes or shuts down tells of its failures itself. */
async function settled(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch {
    // It is of another version, or the application's own.
  }
}

function attempt(work: () => unknown): void {
  void settled(work);
}

function raise(signal: NodeJS.Signals): void {
  const { signals } = process.getBuiltinModule('node:os').constants;
  const exit = () => process.exit(128 + (signals[signal] ?? 0));
  try {
    process.kill(process.pid, signal);
  } catch {
    // A sandbox may forbid it.
    exit();
  }
  systemRuntime.setTimer(exit, STILL_ALIVE_MILLIS).ref();
}
